/* The system registers of an Armv8.1-M CPU that the program touches (Armv8-M Architecture Reference Manual, DDI0553).
 */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define ICSR REGISTER(0xE000ED04u)  /* which exception is active */
#define VTOR REGISTER(0xE000ED08u)  /* where the vectors are */
#define CCR REGISTER(0xE000ED14u)   /* configuration and control */
#define SHCSR REGISTER(0xE000ED24u) /* system handler control */
#define CFSR REGISTER(0xE000ED28u)  /* usage, bus and memory fault status */
#define HFSR REGISTER(0xE000ED2Cu)  /* hard fault status */
#define MMFAR REGISTER(0xE000ED34u) /* address of a memory fault */
#define BFAR REGISTER(0xE000ED38u)  /* address of a bus fault */
#define CLIDR REGISTER(0xE000ED78u) /* which caches exist */
#define SFSR REGISTER(0xE000EDE4u)  /* secure fault status */
#define SFAR REGISTER(0xE000EDE8u)  /* address of a secure fault */

#define CCR_DC (1u << 16)         /* data cache on */
#define CCR_IC (1u << 17)         /* instruction cache on */
#define CCR_LOB (1u << 19)        /* loops with low overhead (LE) keep their branch cached */
#define CCR_DIV_0_TRP (1u << 4)   /* a division by zero is a fault */
#define SHCSR_FAULTS (0xFu << 16) /* memory, bus, usage and secure faults have handlers of their own */
#define CFSR_STKOF (1u << 20)     /* the stack went below MSPLIM */

#define ICIALLU REGISTER(0xE000EF50u) /* invalidate the whole instruction cache */
#define DCISW REGISTER(0xE000EF60u)   /* invalidate one line of the data cache by set and way */
#define CCSIDR REGISTER(0xE000ED80u)  /* geometry of the cache that CSSELR names */
#define CSSELR REGISTER(0xE000ED84u)  /* 0: the first level's data cache */

#define DEMCR REGISTER(0xE000EDFCu)      /* debug exception and monitor control */
#define DEMCR_TRCENA (1u << 24)          /* the data watchpoint and trace unit works */
#define DWT_CTRL REGISTER(0xE0001000u)   /* reads 0 where the unit is not modelled (QEMU) */
#define DWT_CYCCNT REGISTER(0xE0001004u) /* 32-bit cycle counter */
#define DWT_CTRL_CYCCNTENA (1u << 0)     /* it counts */
#define DWT_CTRL_NOCYCCNT (1u << 25)     /* it does not exist */

#endif
