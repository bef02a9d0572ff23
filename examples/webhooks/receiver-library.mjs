// The same receiver with the library of Standard Webhooks (npm install standardwebhooks):
//
//     WEBHOOK_SECRET=whsec_... node examples/webhooks/receiver-library.mjs
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { serve } from './receiver.mjs'

export function makeReceiver({ secret, work, store = new Set() }) {
  const webhook = new Webhook(secret)
  return (headers, body) => {
    let event
    try {
      event = webhook.verify(body, headers)
    } catch (error) {
      if (error instanceof WebhookVerificationError) return 401
      throw error
    }
    if (!store.has(event.id)) {
      store.add(event.id)
      setImmediate(work, event)
    }
    return 204
  }
}

if (import.meta.main ?? process.argv[1]?.endsWith('receiver-library.mjs')) {
  const receive = makeReceiver({ secret: process.env.WEBHOOK_SECRET, work: (event) => console.log(event) })
  serve(receive, Number(process.env.PORT ?? 3000))
}
