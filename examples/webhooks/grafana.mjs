// Marks outages of a PBX in Grafana, as regions of all dashboards:
//
//     WEBHOOK_SECRET=whsec_... GRAFANA_URL=https://grafana.example.com GRAFANA_TOKEN=... node examples/webhooks/grafana.mjs
//
// Make a webhook with "types": ["pbx.up", "bridge.connected", "bridge.gap"]: each of these knows when the outage began.
import { makeReceiver, serve } from './receiver.mjs'

/** Returns the body for POST /api/annotations; undefined for other events. */
export function annotation({ source, type, time, data }) {
  const site = source.replace('/sites/', '')
  const from = { 'pbx.up': data.downSince, 'bridge.connected': data.lostSince, 'bridge.gap': data.from }[type]
  if (from === undefined) return undefined
  const text = { 'pbx.up': 'PBX down', 'bridge.connected': 'Bridge lost', 'bridge.gap': data.reason }[type]
  return { time: Date.parse(from), timeEnd: Date.parse(time), tags: ['switchhook', site], text: `${site}: ${text}` }
}

if (import.meta.main ?? process.argv[1]?.endsWith('grafana.mjs')) {
  const { WEBHOOK_SECRET: secret, GRAFANA_URL: url, GRAFANA_TOKEN: token, PORT = '3000' } = process.env
  const work = async (event) => {
    const body = annotation(event)
    if (!body) return
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const response = await fetch(`${url}/api/annotations`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) console.error(event.id, `Grafana answered ${response.status}`)
  }
  serve(makeReceiver({ secret, work }), Number(PORT))
}
