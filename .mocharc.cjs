'use strict';

// Tests start thousands of processes of Node, each of which would parse these certificates, and none needs them.
delete process.env.NODE_EXTRA_CA_CERTS;

module.exports = { timeout: 60000, reporter: 'dot' };
