// Node modules that are loaded lazily, because loading them slows start-up and few programs need them.

export const childProcess = () => process.getBuiltinModule('node:child_process');
export const crypto = () => process.getBuiltinModule('node:crypto');
export const net = () => process.getBuiltinModule('node:net');
export const os = () => process.getBuiltinModule('node:os');
export const util = () => process.getBuiltinModule('node:util');
export const v8 = () => process.getBuiltinModule('node:v8');
