// The add-on: binds the functions of `Native` in lib/native.ts to the core.
#include <napi.h>

#include "bind.h"
#include "core/c_library.h"
#include "core/detached_process.h"
#include "core/exec.h"
#include "core/file_lock.h"
#include "core/notify_listener.h"
#include "core/peer_memory.h"
#include "core/perf_recorder.h"
#include "core/rings.h"
#include "core/served_calls.h"
#include "core/sha256.h"
#include "descriptors.h"
#include "violations.h"
#include "watch.h"

namespace seccomp_node {

namespace {

LoadFailure load_and_exec_path(std::span<const std::byte> program, std::uint32_t flags, bool no_new_privs,
                               std::span<const std::byte> layer, std::uint32_t domain, bool only_stdio,
                               std::string path, std::vector<std::string> arguments,
                               std::vector<std::string> environment) {
  return load_and_exec(program, flags, no_new_privs, {layer, domain, only_stdio},
                       {std::move(path), std::move(arguments), std::move(environment)});
}

Result<std::int32_t> take_waiting(std::int32_t listener, std::span<std::uint64_t> records) {
  return take_notifications(listener, records, false);
}

void bind_kernel(Napi::Object exports) {
  bind<probe>(exports, "probe");
  bind<c_library>(exports, "cLibrary");
  bind<load_filter>(exports, "loadFilter");
  bind<load_and_exec_path>(exports, "loadAndExec");
  bind<prepare_launch>(exports, "prepareLaunch");
  bind<prepare_tracer>(exports, "prepareTracer");
  bind<start_detached>(exports, "startDetached");
  bind<map_table>(exports, "mapTable");
  bind<be_traced>(exports, "beTraced");
  bind<prepare_perf_recorder>(exports, "preparePerfRecorder");
  bind<thread_id>(exports, "threadId");
  bind<end_with_parent>(exports, "endWithParent");
  bind<read_filters>(exports, "readFilters");
  bind<open_rings>(exports, "openRings");
  bind<polling_threads>(exports, "pollingThreads");
  bind<served_calls>(exports, "servedCalls");
  bind<sha256>(exports, "sha256");
  bind<lock_file>(exports, "lockFile");
}

void bind_library(Napi::Object exports) {
  bind<compile_table>(exports, "compileTable");
  bind<version>(exports, "version");
  bind<api_get>(exports, "apiGet");
  bind<api_set>(exports, "apiSet");
  bind<global_reset>(exports, "globalReset");
  bind<arch_native>(exports, "archNative");
  bind<arch_resolve_name>(exports, "archResolveName");
  bind<syscall_resolve_num_arch>(exports, "syscallResolveNumArch");
  bind<syscall_resolve_name_arch>(exports, "syscallResolveNameArch");
  bind<syscall_resolve_name_rewrite>(exports, "syscallResolveNameRewrite");
  bind<syscall_resolve_name>(exports, "syscallResolveName");
}

void bind_context(Napi::Object exports) {
  bind<&Context::init>(exports, "contextInit");
  bind<&Context::reset>(exports, "contextReset");
  bind<&Context::release>(exports, "contextRelease");
  bind<&Context::merge>(exports, "contextMerge");
  bind<&Context::arch_exist>(exports, "contextArchExist");
  bind<&Context::arch_add>(exports, "contextArchAdd");
  bind<&Context::arch_remove>(exports, "contextArchRemove");
  bind<&Context::attr_get>(exports, "contextAttrGet");
  bind<&Context::attr_set>(exports, "contextAttrSet");
  bind<&Context::rule_add>(exports, "contextRuleAdd");
  bind<&Context::syscall_priority>(exports, "contextSyscallPriority");
  bind<&Context::transaction_start>(exports, "contextTransactionStart");
  bind<&Context::transaction_reject>(exports, "contextTransactionReject");
  bind<&Context::transaction_commit>(exports, "contextTransactionCommit");
  bind<&Context::precompute>(exports, "contextPrecompute");
  bind<&Context::export_bpf>(exports, "contextExportBpf");
  bind<&Context::export_pfc>(exports, "contextExportPfc");
  bind<&Context::load>(exports, "contextLoad");
  bind<&Context::notify_fd>(exports, "contextNotifyFd");
}

void bind_notifications(Napi::Object exports) {
  bind<notify_receive>(exports, "notifyReceive");
  bind<notify_respond>(exports, "notifyRespond");
  bind<notify_id_valid>(exports, "notifyIdValid");
  bind<take_waiting>(exports, "takeNotifications");
  bind<answer_call>(exports, "answerCall");
  bind<begin_answer_with_descriptor>(exports, "beginAnswerWithDescriptor");
  bind<wake_in_turn>(exports, "wakeInTurn");
  bind<wait_for_either>(exports, "waitForEither");
  bind<read_memory_blocking>(exports, "readMemoryBlocking");
}

void bind_sockets(Napi::Object exports) {
  bind<listen_at>(exports, "listenAt");
  bind<accept_connection>(exports, "acceptConnection");
  bind<connect_to>(exports, "connectTo");
  bind<receive_message>(exports, "receiveMessage");
  bind<send_message>(exports, "sendMessage");
}

Napi::Object initialize(Napi::Env /*env*/, Napi::Object exports) {
  bind_kernel(exports);
  bind_library(exports);
  bind_context(exports);
  bind_notifications(exports);
  bind_sockets(exports);
  bind_descriptors(exports);
  bind_watch(exports);
  bind_violations(exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(seccomp, initialize)

}  // namespace seccomp_node
