// A container already has a filter. This example adds another one on top: the kernel runs both for each call, and the more
// restrictive action applies, so neither can allow what the other refuses.
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { applyProfile, spawnSync, status } from 'seccomp';

const attempt = action => {
  try {
    action();
    return 'done';
  } catch ({ code }) {
    return code;
  }
};

if (status().mode === 'disabled') {
  // Outside a container, run this program again under Docker's filter.
  const { status: code } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
    profile: 'docker-default',
    stdio: 'inherit',
  });
  process.exitCode = code;
} else {
  const { filters: beneath } = status();
  const before = attempt(() => chmodSync('/nowhere', 0o600));
  // The layer allows everything else, but Docker's filter still refuses its calls.
  const { layer, warnings } = applyProfile({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [
      { names: ['chmod', 'fchmod', 'fchmodat', 'fchmodat2'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' },
    ],
  });
  const after = attempt(() => chmodSync('/nowhere', 0o600));
  const { filters, threads } = status();
  for (const { code } of warnings) console.log(`warning: ${code}`);
  console.log(
    `filters: ${beneath}, then ${filters} on each of ${threads.length} threads; ours is layer ${layer}`,
  );
  console.log(`chmod of what is not there: ${before}, then ${after}`);
  process.exitCode = filters === beneath + 1 && before === 'ENOENT' && after === 'EACCES' ? 0 : 1;
}
