// The cases of tools/testing/selftests/seccomp/seccomp_bpf.c since Linux 6.14, by name, in the order of the file.
/** A test of one case. */
export type Case = (this: Mocha.Context) => void | Promise<void>;

export const SELFTESTS = `
  kcmp mode_strict_support mode_strict_cannot_call_prctl no_new_privs_support mode_filter_support mode_filter_without_nnp
  filter_size_limits filter_chain_limits mode_filter_cannot_move_to_strict mode_filter_get_seccomp ALLOW_all empty_prog
  log_all unknown_ret_is_kill_inside unknown_ret_is_kill_above_allow KILL_all KILL_one KILL_one_arg_one KILL_one_arg_six
  KILL_thread KILL_process KILL_unknown arg_out_of_range ERRNO_valid ERRNO_zero ERRNO_capped ERRNO_order
  TRAP.dfl TRAP.ign TRAP.handler
  precedence.allow_ok precedence.kill_is_highest precedence.kill_is_highest_in_any_order precedence.trap_is_second
  precedence.trap_is_second_in_any_order precedence.errno_is_third precedence.errno_is_third_in_any_order
  precedence.trace_is_fourth precedence.trace_is_fourth_in_any_order precedence.log_is_fifth
  precedence.log_is_fifth_in_any_order
  TRACE_poke.read_has_side_effects TRACE_poke.getpid_runs_normally
  negative_ENOSYS TRACE_syscall.negative_ENOSYS TRACE_syscall.syscall_allowed TRACE_syscall.syscall_redirected
  TRACE_syscall.syscall_errno TRACE_syscall.syscall_faked TRACE_syscall.kill_immediate TRACE_syscall.skip_after
  TRACE_syscall.kill_after
  seccomp_syscall seccomp_syscall_mode_lock detect_seccomp_filter_flags
  TSYNC_first TSYNC.siblings_fail_prctl TSYNC.two_siblings_with_ancestor TSYNC.two_sibling_want_nnp
  TSYNC.two_siblings_with_no_filter TSYNC.two_siblings_with_one_divergence
  TSYNC.two_siblings_with_one_divergence_no_tid_in_err TSYNC.two_siblings_not_under_filter
  syscall_restart filter_flag_log get_action_avail get_metadata
  user_notification_basic user_notification_with_tsync user_notification_kill_in_middle user_notification_signal
  user_notification_closed_listener user_notification_child_pid_ns user_notification_sibling_pid_ns
  user_notification_fault_recv seccomp_get_notif_sizes user_notification_continue user_notification_filter_empty
  user_ioctl_notification_filter_empty user_notification_filter_empty_threaded user_notification_addfd
  user_notification_addfd_rlimit user_notification_sync
  O_SUSPEND_SECCOMP.setoptions O_SUSPEND_SECCOMP.seize
  user_notification_fifo user_notification_wait_killable_pre_notification user_notification_wait_killable
  user_notification_wait_killable_fatal
  tsync_vs_dead_thread_leader
  URETPROBE.uretprobe_default_allow URETPROBE.uretprobe_default_block URETPROBE.uretprobe_block_uretprobe_syscall
  URETPROBE.uretprobe_default_block_with_uretprobe_syscall
`
  .trim()
  .split(/\s+/);

/** The cases that are not tested here, with the reason. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  kcmp: 'is about kcmp(2), with which the others compare descriptors',
  mode_strict_support: 'strict mode has no filter, and nothing here enters it',
  mode_strict_cannot_call_prctl: 'strict mode has no filter, and nothing here enters it',
  'TRACE_poke.read_has_side_effects': 'a tracer writes to memory; nothing here is a tracer',
  'TRACE_poke.getpid_runs_normally': 'a tracer writes to memory; nothing here is a tracer',
  'TRACE_syscall.syscall_redirected': 'a tracer changes the number; nothing here is a tracer',
  'TRACE_syscall.syscall_errno': 'a tracer changes the result; nothing here is a tracer',
  'TRACE_syscall.syscall_faked': 'a tracer changes the result; nothing here is a tracer',
  'TRACE_syscall.skip_after': 'a tracer changes the number; nothing here is a tracer',
  'TRACE_syscall.kill_after': 'a tracer changes the number; nothing here is a tracer',
  syscall_restart: 'a tracer stops a call that is restarted; nothing here is a tracer',
  user_notification_sibling_pid_ns:
    'the supervisor would have to be in a PID namespace beside that of the caller',
  user_notification_fault_recv: 'the add-on gives the kernel memory of its own to write to',
  user_notification_sync:
    'supervise asks for it where the kernel has it; nothing but time tells: npm run bench',
  user_notification_wait_killable_pre_notification:
    'supervise receives at once: no call waits unreceived for long',
  'O_SUSPEND_SECCOMP.setoptions': 'is about an option of ptrace(2) that takes filters off for a tracer',
  'O_SUSPEND_SECCOMP.seize': 'is about an option of ptrace(2) that takes filters off for a tracer',
  tsync_vs_dead_thread_leader: "Node's first thread lives as long as its process",
  'URETPROBE.uretprobe_default_allow': 'the kernel asks no filter about uretprobe',
  'URETPROBE.uretprobe_default_block': 'the kernel asks no filter about uretprobe',
  'URETPROBE.uretprobe_block_uretprobe_syscall': 'the kernel asks no filter about uretprobe',
  'URETPROBE.uretprobe_default_block_with_uretprobe_syscall': 'the kernel asks no filter about uretprobe',
};
