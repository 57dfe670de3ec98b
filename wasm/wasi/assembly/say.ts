// A WASI command in AssemblyScript, for tests: says what it was given, and what its host decides.
const buffer = new ArrayBuffer(64);
const size = process.stdin.read(buffer);
const input = String.UTF8.decode(buffer.slice(0, size));
console.log(process.argv.slice(1).join(' ') + '|' + process.env.get('COLOUR') + '|' + input);
console.log(Date.now().toString());
const drawn = new Uint8Array(4);
crypto.getRandomValues(drawn);
console.log(drawn.toString());
process.exit(process.argv.length);
