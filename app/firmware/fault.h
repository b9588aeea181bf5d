/* What happens when the CPU faults: the registers are printed and the program ends with a status that is not 0. */
#ifndef FAULT_H
#define FAULT_H

#define FAULT_STATUS 125

void Fault_Handler(void);

#endif
