// dynalite in a thread of its own: it answers some faults by throwing where nobody can catch, which must not end the runner, and its
// work goes to the other core. Plain JavaScript, as Node starts it whatever runs the rest.
import { parentPort, workerData } from 'node:worker_threads'
import dynalite from 'dynalite'

const { path, socketPath } = workerData
const server = dynalite({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
server.listen(socketPath, () => parentPort?.postMessage('listening'))
