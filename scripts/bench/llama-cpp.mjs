// llama.cpp as `penstock bench prefill --peer` drives it: node llama-cpp.mjs MODEL.gguf. The front door copies it to the folder in
// whose node_modules node-llama-cpp is.
// A line in, a line out ("ok"):
//   open THREADS FLASH-ATTENTION(0|1) BATCH-TOKENS CONTEXT-TOKENS    makes a context of these settings
//   prefill ID,ID,...                                               evaluates the tokens from position 0, generates none
import { createInterface } from "node:readline";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

const llama = await getLlama({ build: "never", gpu: false, maxThreads: 0, logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath: process.argv[2] });
let context;
let sequence;

async function open(threads, flashAttention, batchSize, contextSize) {
  await context?.dispose();
  context = await model.createContext({ contextSize, batchSize, threads, flashAttention: flashAttention === 1 });
  sequence = context.getSequence();
}

async function prefill(tokens) {
  await sequence.clearHistory();
  await sequence.evaluateWithoutGeneratingNewTokens(tokens);
}

for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...rest] = line.split(" ");
  try {
    if (command === "open") await open(...rest.map(Number));
    else if (command === "prefill") await prefill(rest[0].split(",").map(Number));
    else throw new Error(`unknown command ${command}`);
    console.log("ok");
  } catch (error) {
    console.log(`error ${String(error.message).replaceAll("\n", " ")}`);
  }
}
await llama.dispose();
