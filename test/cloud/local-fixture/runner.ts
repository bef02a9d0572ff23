// A local cloud in its own process, for tests that kill it. Prints one line of JSON when one function is frozen and another busy.
import { startLocalCloud } from '../../../infra/local/local-cloud.ts'

const [, , dataFolder = '', port = '0'] = process.argv
const packageFolder = process.env['PACKAGE_FOLDER'] ?? ''
const cloud = await startLocalCloud({ packageFolder, dataFolder, ports: { aws: Number(port) } })
const busy = await cloud.invoke('frozen', { wait: 1 })
// The only process of this function runs an invocation that its time-out ends seconds later.
void cloud.invoke('frozen', { wait: 5000 })
const frozen = await cloud.invoke('echo', { pid: true })
const line = {
  frozen: Number(frozen.payload),
  busy: Number(busy.payload),
  url: cloud.endpoints.sqs,
  region: cloud.region,
  operator: cloud.credentials('operator'),
}
console.log(JSON.stringify(line))
