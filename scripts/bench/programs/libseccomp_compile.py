# Does what libseccomp-compile.c does, through Debian's Python binding, which exports only to a file. The binding contains
# an older libseccomp: the first line ends with a tab and the calls that it does not know, which are left out.
import ctypes
import os
import sys
import time

import seccomp


def read_table(path):
    table = {"archs": [], "rules": [], "unknown": []}
    with open(path) as file:
        for line in file:
            word, *rest = line.split()
            if word == "rule":
                name, action, count, *numbers = rest
                number = seccomp.resolve_syscall(seccomp.Arch(), name)
                if number == UNKNOWN:
                    table["unknown"].append(name)
                    continue
                comparisons = [
                    seccomp.Arg(*map(int, numbers[4 * index : 4 * index + 4]))
                    for index in range(int(count))
                ]
                table["rules"].append((int(action), number, comparisons))
            elif word == "arch":
                table["archs"].append(getattr(seccomp.Arch, rest[1].upper()))
            else:
                table[word] = int(rest[0])
    return table


def compile_table(table, optimize, file):
    context = seccomp.SyscallFilter(table["default"])
    for arch in table["archs"]:
        if not context.exist_arch(arch):
            context.add_arch(arch)
    context.set_attr(seccomp.Attr.ACT_BADARCH, table["badarch"])
    context.set_attr(ATTRIBUTE_OPTIMIZE, optimize)
    for action, number, comparisons in table["rules"]:
        context.add_rule(action, number, *comparisons)
    context.export_bpf(file)


# SCMP_FLTATR_CTL_OPTIMIZE, which older bindings do not name.
ATTRIBUTE_OPTIMIZE = 8

# __NR_SCMP_ERROR.
UNKNOWN = -1


def library_version():
    function = ctypes.CDLL(seccomp.__file__).seccomp_version
    function.restype = ctypes.POINTER(ctypes.c_uint * 3)
    return ".".join(map(str, function().contents))


table = read_table(sys.argv[1])
version = f"Python {sys.version.split()[0]}, libseccomp {library_version()}"
print(version, " ".join(table["unknown"]), sep="\t", flush=True)
for line in sys.stdin:
    optimize, *path = line.split()
    with os.fdopen(os.memfd_create("program"), "w+b") as file:
        start = time.perf_counter_ns()
        compile_table(table, int(optimize), file)
        end = time.perf_counter_ns()
        file.seek(0)
        program = file.read()
    if path:
        with open(path[0], "wb") as output:
            output.write(program)
    print(end - start, len(program) // 8, flush=True)
