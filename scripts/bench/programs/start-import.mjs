// Loads the package, says when that is done and does nothing with it.
import 'seccomp';

process.stdout.write(String(process.hrtime.bigint()));
