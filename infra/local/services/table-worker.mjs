// Runs dynalite in its own thread: some of its errors cannot be caught and would end the whole process, and a thread uses the
// second core. Plain JavaScript, so that Node loads it also when a test runner transforms the TypeScript.
import { parentPort, workerData } from 'node:worker_threads'
import dynalite from 'dynalite'

const { path, socketPath } = workerData
const server = dynalite({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
server.listen(socketPath, () => parentPort?.postMessage('listening'))
