// Loads the package, prints when it is loaded, and does nothing else.
import 'seccomp';

process.stdout.write(String(process.hrtime.bigint()));
