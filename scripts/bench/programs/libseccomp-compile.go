// Does what libseccomp-compile.c does, through Debian's version of the Go binding, which exports only to a file.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	seccomp "github.com/seccomp/libseccomp-golang"
)

type rule struct {
	call       seccomp.ScmpSyscall
	action     seccomp.ScmpAction
	conditions []seccomp.ScmpCondition
}

type table struct {
	defaultAction, badArch seccomp.ScmpAction
	archs                  []seccomp.ScmpArch
	rules                  []rule
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "libseccomp-compile:", err)
		os.Exit(1)
	}
}

func number(word string) uint64 {
	value, err := strconv.ParseUint(word, 10, 64)
	must(err)
	return value
}

// The binding has its own constants instead of the C ones.
func action(word string) seccomp.ScmpAction {
	value := number(word)
	switch value & 0xffff0000 {
	case 0x00000000:
		return seccomp.ActKillThread
	case 0x80000000:
		return seccomp.ActKillProcess
	case 0x7fff0000:
		return seccomp.ActAllow
	case 0x00050000:
		return seccomp.ActErrno.SetReturnCode(int16(value & 0xffff))
	case 0x7ff00000:
		return seccomp.ActTrace.SetReturnCode(int16(value & 0xffff))
	}
	must(fmt.Errorf("no action for %#x", value))
	panic("unreachable")
}

var operators = map[uint64]seccomp.ScmpCompareOp{
	1: seccomp.CompareNotEqual, 2: seccomp.CompareLess, 3: seccomp.CompareLessOrEqual, 4: seccomp.CompareEqual,
	5: seccomp.CompareGreaterEqual, 6: seccomp.CompareGreater, 7: seccomp.CompareMaskedEqual,
}

func condition(words []string) seccomp.ScmpCondition {
	made, err := seccomp.MakeCondition(uint(number(words[0])), operators[number(words[1])], number(words[2]), number(words[3]))
	must(err)
	return made
}

func readTable(path string) table {
	var result table
	file, err := os.Open(path)
	must(err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch words[0] {
		case "default":
			result.defaultAction = action(words[1])
		case "badarch":
			result.badArch = action(words[1])
		case "arch":
			arch, err := seccomp.GetArchFromString(words[2])
			must(err)
			result.archs = append(result.archs, arch)
		case "rule":
			call, err := seccomp.GetSyscallFromName(words[1])
			must(err)
			made := rule{call: call, action: action(words[2])}
			for index := 0; index < int(number(words[3])); index++ {
				made.conditions = append(made.conditions, condition(words[4+4*index:8+4*index]))
			}
			result.rules = append(result.rules, made)
		}
	}
	must(lines.Err())
	return result
}

func compile(source table, optimize int, output *os.File) {
	context, err := seccomp.NewFilter(source.defaultAction)
	must(err)
	for _, arch := range source.archs {
		must(context.AddArch(arch))
	}
	must(context.SetBadArchAction(source.badArch))
	must(context.SetOptimize(optimize))
	for _, each := range source.rules {
		if len(each.conditions) == 0 {
			must(context.AddRule(each.call, each.action))
		} else {
			must(context.AddRuleConditional(each.call, each.action, each.conditions))
		}
	}
	must(context.ExportBPF(output))
	context.Release()
}

func memoryFile() *os.File {
	name := append([]byte("program"), 0)
	descriptor, _, errno := syscall.Syscall(memfdCreate(), uintptr(unsafe.Pointer(&name[0])), 0, 0)
	if errno != 0 {
		must(errno)
	}
	return os.NewFile(descriptor, "program")
}

func memfdCreate() uintptr {
	if runtime.GOARCH == "arm64" {
		return 279
	}
	return 319
}

func main() {
	source := readTable(os.Args[1])
	major, minor, micro := seccomp.GetLibraryVersion()
	fmt.Printf("%s, libseccomp %d.%d.%d\n", runtime.Version(), major, minor, micro)
	requests := bufio.NewScanner(os.Stdin)
	for requests.Scan() {
		words := strings.Fields(requests.Text())
		file := memoryFile()
		start := time.Now()
		compile(source, int(number(words[0])), file)
		elapsed := time.Since(start)
		_, err := file.Seek(0, io.SeekStart)
		must(err)
		program, err := io.ReadAll(file)
		must(err)
		must(file.Close())
		if len(words) > 1 {
			must(os.WriteFile(words[1], program, 0o644))
		}
		fmt.Println(elapsed.Nanoseconds(), len(program)/8)
	}
}
