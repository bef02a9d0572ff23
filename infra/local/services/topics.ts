import { randomUUID } from 'node:crypto'
import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { denialOf } from '../access/authorization.ts'
import type { Principal } from '../access/roles.ts'
import type { Log } from '../log.ts'
import type { StackNames } from '../template/names.ts'
import type { StackResources } from '../template/resources.ts'
import type { EmulatorAnswer } from './emulator.ts'

const version = '2010-03-31'
/** "Publish": at most 256 KB with the attributes; a subject is one line of ASCII. */
const messageBytesMax = 262_144
const subjectPattern = /^(?! )[\x20-\x7e]{1,100}$/
const attributesMax = 10

const Subscription = v.looseObject({ TopicArn: v.string(), Protocol: v.string(), Endpoint: v.optional(v.string()) })

export interface TopicMessage {
  /** Name of the topic. */
  topic: string
  time: string
  /** E-mail addresses that AWS would send it to. */
  to: string[]
  id: string
  subject: string | undefined
  message: string
  attributes: Record<string, string>
}

export interface Topics {
  /** Returns the form of a request to SNS, or undefined if the request is for another service. */
  form(contentType: string | undefined, body: Buffer): URLSearchParams | undefined
  answer(principal: Principal, form: URLSearchParams): Promise<EmulatorAnswer>
}

/**
 * Serves `Publish` of Amazon SNS (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html) for the topics of the template. It sends
 * nothing: each message is a line of `topics/NAME.jsonl` in the data folder, with the e-mail addresses that AWS would send it to.
 */
export function createTopics(options: {
  resources: StackResources
  names: Pick<StackNames, 'arn'>
  dataFolder: string
  /** Called with each message that is published. */
  onMessage: (message: TopicMessage) => void
  log: Log
}): Topics {
  const { resources, names, dataFolder, onMessage, log } = options
  const arns = resources.ofType('AWS::SNS::Topic', v.looseObject({})).map(({ logicalId }) => names.arn(logicalId))
  const subscriptions = resources.ofType('AWS::SNS::Subscription', Subscription).map(({ properties }) => properties)

  async function keep(arn: string, message: Omit<TopicMessage, 'topic' | 'time' | 'to'>): Promise<void> {
    const name = arn.slice(arn.lastIndexOf(':') + 1)
    const emails = subscriptions.filter(({ TopicArn, Protocol }) => TopicArn === arn && Protocol.startsWith('email'))
    const to = emails.flatMap(({ Endpoint }) => Endpoint ?? [])
    const line: TopicMessage = { topic: name, time: new Date().toISOString(), to, ...message }
    await mkdir(join(dataFolder, 'topics'), { recursive: true })
    await appendFile(join(dataFolder, 'topics', `${name}.jsonl`), `${JSON.stringify(line)}\n`)
    log('topic-message', { topic: name, subject: line.subject })
    onMessage(line)
  }

  return {
    form(contentType, body) {
      if (!contentType?.startsWith('application/x-www-form-urlencoded')) return undefined
      const form = new URLSearchParams(body.toString())
      return form.get('Version') === version ? form : undefined
    },
    async answer(principal, form) {
      if (form.get('Action') !== 'Publish')
        return failure(400, 'InvalidAction', `The local cloud does not support ${form.get('Action')}.`)
      const arn = form.get('TopicArn') ?? ''
      const denial = denialOf(principal, [{ action: 'sns:Publish', resource: arn }])
      if (denial !== undefined) return failure(403, 'AuthorizationError', denial)
      if (!arns.includes(arn)) return failure(404, 'NotFound', 'Topic does not exist')
      const message = form.get('Message') ?? ''
      const subject = form.get('Subject') ?? undefined
      if (message === '') return failure(400, 'InvalidParameter', 'Invalid parameter: Empty message')
      if (Buffer.byteLength(message) > messageBytesMax)
        return failure(400, 'InvalidParameter', 'Invalid parameter: Message too long')
      if (subject !== undefined && !subjectPattern.test(subject))
        return failure(400, 'InvalidParameter', 'Invalid parameter: Subject')
      const id = randomUUID()
      await keep(arn, { id, subject, message, attributes: attributesOf(form) })
      const result = `<PublishResult><MessageId>${id}</MessageId></PublishResult>`
      return xml(200, `<PublishResponse xmlns="http://sns.amazonaws.com/doc/${version}/">${result}</PublishResponse>`)
    },
  }
}

/** Reads `MessageAttributes.entry.1.Name`, `MessageAttributes.entry.1.Value.StringValue` and so on. */
function attributesOf(form: URLSearchParams): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (let n = 1; n <= attributesMax; n++) {
    const name = form.get(`MessageAttributes.entry.${n}.Name`)
    if (name !== null) attributes[name] = form.get(`MessageAttributes.entry.${n}.Value.StringValue`) ?? ''
  }
  return attributes
}

function failure(status: number, code: string, message: string): EmulatorAnswer {
  const escaped = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped}</Message></Error>`
  return xml(status, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/${version}/">${error}</ErrorResponse>`)
}

function xml(status: number, text: string): EmulatorAnswer {
  return { status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(text) }
}
