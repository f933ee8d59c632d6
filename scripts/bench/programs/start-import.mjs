// Loads the package and does nothing with it.
import 'seccomp';
