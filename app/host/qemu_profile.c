/* A TCG plugin for QEMU 7.2 and later: how often each instruction of the program is executed, by layer.
 *
 *   -plugin libqemu_profile.so,out=FILE,base=ADDRESS,bytes=COUNT,mark=ADDRESS
 *
 * base and bytes: where the code is. mark: the function the program calls after each layer. FILE gets a line `mark` at
 * each call of it and one at the end, in front of them a line `ADDRESS EXECUTIONS` for every instruction executed since
 * the line before. Numbers are hexadecimal.
 *
 * QEMU's header is not part of Debian's packages: the few functions used are declared here, after
 * include/qemu/qemu-plugin.h of QEMU 7.2. They are the same in all versions of the plugin API so far; PLUGIN_API is the
 * one that the QEMU at hand takes: 1 before QEMU 9, 2 from then on.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
typedef void (*translation_callback_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void (*execution_callback_t)(unsigned int cpu, void *data);
typedef void (*exit_callback_t)(qemu_plugin_id_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translation_callback_t callback);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, execution_callback_t callback,
                                            enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_callback_t callback, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = PLUGIN_API;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

static FILE *out;
static uint64_t base, bytes, mark;
static uint64_t *executions; /* one counter for every half word of the code: Thumb instructions have 2 or 4 bytes */
static uint64_t outside;     /* executed elsewhere */

static void count(unsigned int cpu, void *counter) {
    (void)cpu;
    ++*(uint64_t *)counter;
}

/* Write and clear what was counted since the last mark. */
static void write_mark(unsigned int cpu, void *data) {
    (void)cpu;
    (void)data;
    for (uint64_t i = 0; i < bytes / 2; i++) {
        if (executions[i] != 0) {
            fprintf(out, "%" PRIx64 " %" PRIx64 "\n", base + 2 * i, executions[i]);
            executions[i] = 0;
        }
    }
    fputs("mark\n", out);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        const uint64_t address = qemu_plugin_insn_vaddr(insn) & ~1ull;
        const bool inside = address >= base && address < base + bytes;
        qemu_plugin_register_vcpu_insn_exec_cb(insn, count, QEMU_PLUGIN_CB_NO_REGS,
                                               inside ? &executions[(address - base) / 2] : &outside);
        if (address == mark) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, write_mark, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
    }
}

static void finished(qemu_plugin_id_t id, void *data) {
    (void)id;
    write_mark(0, data);
    fprintf(out, "outside %" PRIx64 "\n", outside);
    fclose(out);
}

/* The number after `name=`, or what the value already is. */
static void read_number(const char *argument, const char *name, uint64_t *value) {
    const size_t length = strlen(name);
    if (strncmp(argument, name, length) == 0) {
        *value = strtoull(argument + length, NULL, 16);
    }
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            out = fopen(argv[i] + 4, "w");
        }
        read_number(argv[i], "base=", &base);
        read_number(argv[i], "bytes=", &bytes);
        read_number(argv[i], "mark=", &mark);
    }
    executions = calloc(bytes / 2 + 1, sizeof *executions);
    if (out == NULL || executions == NULL) {
        fprintf(stderr, "qemu_profile: out=FILE,base=ADDRESS,bytes=COUNT,mark=ADDRESS are needed\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, finished, NULL);
    return 0;
}
