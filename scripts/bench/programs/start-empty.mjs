// Says when it is there and does nothing: what Node takes for a module.
process.stdout.write(String(process.hrtime.bigint()));
