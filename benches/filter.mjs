// What the filter itself does for one request: time inside the module, and calls of the host, by name.
//
// Runs the built module in V8, Envoy's own engine, against a host that does almost nothing, so the numbers are
// the filter's alone and no proxy's. Usage: node --no-liftoff benches/filter.mjs MODULE RENDERED [BYTES] [ROUNDS]

import { readFileSync } from 'node:fs';

const [module, rendered, bytes = '1024', rounds = '20000'] = process.argv.slice(2);
const KEY = `tg-bench-${'A'.repeat(43)}`;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

// What `tollgate render` has written for one role: the gateway of benches/gateway.py, or one that names the same.
const configuration = (role) =>
  JSON.parse(readFileSync(`${rendered}/${role}.json`, 'utf8')).resources[0].typed_config.config.configuration.value;
const request = encoder.encode(JSON.stringify({
  model: 'bench', messages: [{ role: 'user', content: 'x'.repeat(Number(bytes)) }],
}));
const answer = encoder.encode(JSON.stringify({
  id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4o',
  choices: [{ index: 0, message: { role: 'assistant', content: 'y'.repeat(200) }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 },
}));
const clientHeaders = [
  [':authority', '127.0.0.1:10000'], [':path', '/v1/chat/completions'], [':method', 'POST'], [':scheme', 'http'],
  ['content-type', 'application/json'], ['authorization', `Bearer ${KEY}`], ['content-length', `${request.length}`],
  ['user-agent', 'OpenAI/Python 3.52.0'], ['accept', 'application/json'], ['x-stainless-lang', 'python'],
  ['x-stainless-os', 'Linux'], ['x-stainless-arch', 'x64'], ['x-stainless-runtime', 'CPython'],
  ['x-forwarded-proto', 'http'], ['x-request-id', '5b2b4b4e-8f0a-4f43-9d4c-0f6a1f1d0c55'],
];
const attemptHeaders = [...clientHeaders.filter(([name]) => name !== 'authorization'),
  ['x-tollgate-cluster', 'model/bench'], ['x-tollgate-credential-mock', 'sk-mock']];
const responseHeaders = [[':status', '200'], ['x-tollgate-provider', 'mock'], ['x-tollgate-attempts', '1'], ['content-type', 'application/json'], ['content-length', `${answer.length}`],
  ['x-request-id', 'req_1']];

function serialize(pairs) {
  const fields = pairs.map((pair) => pair.map((text) => encoder.encode(text)));
  const size = 4 + fields.reduce((sum, [name, value]) => sum + 8 + name.length + 1 + value.length + 1, 0);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  view.setUint32(0, fields.length, true);
  let at = 4;
  for (const [name, value] of fields) {
    view.setUint32(at, name.length, true);
    view.setUint32(at + 4, value.length, true);
    at += 8;
  }
  for (const part of fields.flat()) {
    out.set(part, at);
    at += part.length + 1;
  }
  return out;
}

const maps = { client: serialize(clientHeaders), attempt: serialize(attemptHeaders), response: serialize(responseHeaders) };
const state = { configuration: new Uint8Array(), requestMap: maps.client, published: null, body: request };
const calls = new Map();
let counting = false;
let instance;

const memory = () => new Uint8Array(instance.exports.memory.buffer);
function give(data, pointer, size) {
  const at = instance.exports.proxy_on_memory_allocate(data.length);
  memory().set(data, at);
  const view = new DataView(instance.exports.memory.buffer);
  view.setUint32(pointer, at, true);
  view.setUint32(size, data.length, true);
  return 0;
}
const text = (at, length) => decoder.decode(memory().subarray(at, at + length));
let metrics = 0;
const host = {
  proxy_log: (level, at, length) => (console.error(text(at, length)), 0),
  proxy_get_current_time_nanoseconds: (at) => {
    new DataView(instance.exports.memory.buffer).setBigUint64(at, process.hrtime.bigint(), true);
    return 0;
  },
  proxy_get_buffer_bytes: (kind, start, length, pointer, size) => {
    const data = kind === 7 ? state.configuration : kind === 1 ? answer : state.body;
    return give(data.subarray(start, start + Math.min(length >>> 0, data.length)), pointer, size);
  },
  proxy_get_header_map_pairs: (kind, pointer, size) =>
    give(kind === 0 ? state.requestMap : maps.response, pointer, size),
  proxy_get_header_map_value: (kind, at, length, pointer, size) => {
    const found = attemptHeaders.find(([name]) => name === text(at, length));
    return found ? give(encoder.encode(found[1]), pointer, size) : 1;
  },
  proxy_get_property: (at, length, pointer, size) => {
    const path = text(at, length);
    if (path.startsWith('tollgate.ticket')) return state.ticket ? give(state.ticket, pointer, size) : 1;
    if (path.startsWith('xds')) return give(encoder.encode('mock/gpt-4o'), pointer, size);
    return 1;
  },
  proxy_set_property: (at, length, value, size) => {
    if (text(at, length) === 'tollgate.ticket') state.ticket = memory().slice(value, value + size);
    return 0;
  },
  proxy_define_metric: (kind, at, length, pointer) => {
    new DataView(instance.exports.memory.buffer).setUint32(pointer, ++metrics, true);
    return 0;
  },
  proxy_send_local_response: (status) => { throw new Error(`the filter answered ${status}`); },
};
const wasi = {
  environ_sizes_get: (count, size) => {
    new DataView(instance.exports.memory.buffer).setUint32(count, 0, true);
    new DataView(instance.exports.memory.buffer).setUint32(size, 0, true);
    return 0;
  },
  random_get: () => 0,
};
const count = (functions) => new Proxy({}, {
  get: (_, name) => (...given) => {
    if (counting) calls.set(name, (calls.get(name) ?? 0) + 1);
    return functions[name] ? functions[name](...given) : 0;
  },
});
const compiled = await WebAssembly.compile(readFileSync(module));
const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(compiled)) {
  imports[from] ??= {};
  const functions = count(from === 'env' ? host : wasi);
  imports[from][name] = functions[name];
}
instance = await WebAssembly.instantiate(compiled, imports);
const wasm = instance.exports;
wasm._initialize?.();
for (const [id, role] of [[1, 'policy'], [2, 'adapter']]) {
  state.configuration = encoder.encode(configuration(role));
  wasm.proxy_on_context_create(id, 0);
  if (!wasm.proxy_on_configure(id, state.configuration.length)) throw new Error('the configuration is refused');
}
const heldAtStart = wasm.memory.buffer.byteLength;

let next = 10;
function oneRequest() {
  const [down, up] = [next++, next++];
  wasm.proxy_on_context_create(down, 1);
  state.requestMap = maps.client;
  wasm.proxy_on_request_headers(down, clientHeaders.length, 0);
  wasm.proxy_on_request_body(down, request.length, 0);
  wasm.proxy_on_request_body(down, request.length, 1);
  wasm.proxy_on_context_create(up, 2);
  state.requestMap = maps.attempt;
  wasm.proxy_on_request_headers(up, attemptHeaders.length, 0);
  wasm.proxy_on_request_body(up, request.length, 1);
  for (const id of [up, down]) {
    wasm.proxy_on_response_headers(id, responseHeaders.length, 0);
    wasm.proxy_on_response_body(id, answer.length, 0);
    wasm.proxy_on_response_body(id, 0, 1);
  }
  for (const id of [up, down]) {
    wasm.proxy_on_done(id);
    if (id === down) wasm.proxy_on_log(id);
    wasm.proxy_on_delete(id);
  }
}

for (let round = 0; round < 2000; round += 1) oneRequest();
counting = true;
oneRequest();
counting = false;
const best = [];
for (let sample = 0; sample < 9; sample += 1) {
  const start = process.hrtime.bigint();
  for (let round = 0; round < Number(rounds) / 9; round += 1) oneRequest();
  best.push(Number(process.hrtime.bigint() - start) / (Number(rounds) / 9) / 1000);
}
best.sort((a, b) => a - b);
console.log(`request of ${request.length} bytes: ${best[4].toFixed(1)} us median, ${best[0].toFixed(1)} us best, stub host included`);
console.log(`linear memory: ${heldAtStart / 1024} KiB after start, ${wasm.memory.buffer.byteLength / 1024} KiB after ${rounds} requests`);
const total = [...calls.values()].reduce((sum, value) => sum + value, 0);
console.log(`host calls: ${total}`);
for (const [name, value] of [...calls].sort((a, b) => b[1] - a[1])) console.log(`  ${String(value).padStart(3)}  ${name}`);
