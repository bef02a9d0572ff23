// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code
import type { Slip } from './slip.ts'

const shapes = 'functions/domain/personal/shapes.ts'
const worlds = ['test/pure/hidden-worlds.test.ts']
const hidden = ['test/pure/hidden-numbers.test.ts', 'test/pure/functions-personal.test.ts']
const canaries = ['test/pure/canaries.test.ts']
const fields = ['test/pure/personal-fields.test.ts']

/** Numbers and names that reach who may not see them, and erasures that leave some. */
export const privacySlips: readonly Slip[] = [
  {
    what: 'the path of a request in the log',
    file: 'functions/http/http-handler.ts',
    before: "logOutcome(status === 500 ? 'error' : 'info', 'http', {\n    route,\n",
    after: "logOutcome(status === 500 ? 'error' : 'info', 'http', {\n    route: event.rawPath,\n",
    tests: canaries,
  },
  {
    what: 'a PIN that is stored as it is',
    file: 'functions/http/grades/grades.ts',
    before: "pinHash: pin === undefined ? undefined : fingerprint(pepper, 'pin', site, matricule, pin),",
    after: 'pinHash: pin,',
    tests: canaries,
  },
  {
    what: 'a key that is stored as it is',
    file: 'functions/http/keys/make-key.ts',
    before: 'hash: hashSecret(secret, pepper),',
    after: 'hash: text,',
    tests: canaries,
  },
  {
    what: 'GET /calls without masking',
    file: 'functions/http/calls/handler.ts',
    before: "pick(query.fields, mask(caller, 'calls', archivedCallShape, call))",
    after: 'pick(query.fields, call)',
    tests: worlds,
  },
  {
    what: 'GET /calls/{id} without masking',
    file: 'functions/http/calls/handler.ts',
    before: "mask(caller, 'calls', archivedCallShape, await getCall(site, path.id, sources))",
    after: 'await getCall(site, path.id, sources)',
    tests: worlds,
  },
  {
    what: 'GET /calls/{id}/events without masking',
    file: 'functions/http/calls/handler.ts',
    before: "live.map((event) => mask(caller, 'calls', timeLineShape, event))",
    after: 'live',
    tests: worlds,
  },
  {
    what: 'GET /cdrs without masking',
    file: 'functions/http/cdrs/handler.ts',
    before: "mask(caller, 'cdrs', cdrShape, cdr)",
    after: 'cdr',
    tests: worlds,
  },
  {
    what: 'POST /calls without masking',
    file: 'functions/http/placed-calls/handler.ts',
    before:
      "const call = await placeCall(site, caller.keyId, headers['idempotency-key'], body, how)\n    return answer(202, mask(caller, 'calls', archivedCallShape, call))",
    after:
      "const call = await placeCall(site, caller.keyId, headers['idempotency-key'], body, how)\n    return answer(202, call)",
    tests: worlds,
  },
  {
    what: 'DELETE /calls/{id} without masking',
    file: 'functions/http/placed-calls/handler.ts',
    before:
      "const call = await endCall(site, path.id, { ...dependencies, signingKey: await signingKey(), now })\n    return answer(202, mask(caller, 'calls', archivedCallShape, call))",
    after:
      'const call = await endCall(site, path.id, { ...dependencies, signingKey: await signingKey(), now })\n    return answer(202, call)',
    tests: worlds,
  },
  {
    what: 'GET /cdrs/export without masking',
    file: 'functions/http/exports/handler.ts',
    before: "mask(caller, 'cdrs', cdrShape, cdr)",
    after: 'cdr',
    tests: worlds,
  },
  {
    what: 'GET /queues without masking',
    file: 'functions/http/endpoints/handler.ts',
    before: "show: seesPersonal(caller, 'presence') ? (part: QueuePart) => part : hideQueuePart",
    after: 'show: (part: QueuePart) => part',
    tests: worlds,
  },
  {
    what: 'GET /forwards without masking',
    file: 'functions/http/extensions/answers.ts',
    before: "mask(caller, 'presence', endpointShape, state)",
    after: 'state',
    tests: worlds,
  },
  {
    what: 'GET /endpoints without masking',
    file: 'functions/http/endpoints/handler.ts',
    before: "show: (state: EndpointState) => mask(caller, 'presence', endpointShape, state) }",
    after: 'show: (state: EndpointState) => state }',
    tests: worlds,
  },
  {
    what: 'snapshots, resumed answers and deltas without hiding',
    file: 'functions/domain/personal/frames.ts',
    before: 'const shown = isPersonal ? entity : hideEntity(entity)',
    after: 'const shown = entity',
    tests: hidden,
  },
  {
    what: 'a filter by extensions that sees hidden numbers',
    file: 'functions/domain/personal/frames.ts',
    before: 'return concerns(shown, extensions) ? [shown] : []',
    after: 'return concerns(entity, extensions) ? [shown] : []',
    tests: hidden,
  },
  {
    what: 'pushed frames without hiding',
    file: 'functions/queues/fan-out/plan.ts',
    before: 'view.personal ? frame : hideFrame(frame)',
    after: 'frame',
    tests: hidden,
  },
  {
    what: 'former parties shown',
    file: shapes,
    before: '  former: partyShape,\n',
    after: "  former: { ...partyShape, number: 'shown' },\n",
    tests: fields,
  },
  {
    what: 'who answered shown',
    file: shapes,
    before: '  answeredBy: partyShape,\n',
    after: "  answeredBy: { ...partyShape, name: 'shown' },\n",
    tests: fields,
  },
  {
    what: 'a forward at no answer shown',
    file: shapes,
    before: '  forwardNoAnswer: forwardShape,\n',
    after: "  forwardNoAnswer: { ...forwardShape, target: 'shown' },\n",
    tests: fields,
  },
  {
    what: 'the name of the waiting caller shown',
    file: shapes,
    before: "  number: 'number',\n  name: 'name',\n  since: 'shown',\n",
    after: "  number: 'number',\n  name: 'shown',\n  since: 'shown',\n",
    tests: fields,
  },
  {
    what: 'the summary of a call shown',
    file: shapes,
    before: "  summary: 'text',\n",
    after: "  summary: 'shown',\n",
    tests: fields,
  },
  {
    what: 'metadata of a call shown',
    file: shapes,
    before: "  metadata: 'omitted',\n",
    after: '  metadata: {},\n',
    tests: fields,
  },
  {
    what: 'fields that a PBX adds shown',
    file: 'functions/domain/personal.ts',
    before: 'const how = Object.hasOwn(hows, name) ? hows[name] : undefined',
    after: "const how = Object.hasOwn(hows, name) ? hows[name] : 'shown'",
    tests: fields,
  },
  {
    what: 'numbers that a PBX adds as numbers shown',
    file: 'functions/domain/personal.ts',
    before: "typeof field === 'boolean') return field",
    after: "typeof field !== 'string') return field",
    tests: fields,
  },
  {
    what: 'a channel name with a long number shown',
    file: 'functions/domain/personal.ts',
    before: '(?:PJSIP|SIP)\\/\\d{1,6})',
    after: '(?:PJSIP|SIP)\\/\\d{1,16})',
    tests: hidden,
  },
  {
    what: 'three digits of a hidden number shown',
    file: 'functions/domain/personal.ts',
    before: 'hidden + number.slice(-2)',
    after: 'hidden + number.slice(-3)',
    tests: hidden,
  },
  {
    what: 'a digest that counts before it filters',
    file: 'functions/websocket/message/answer.ts',
    before: 'digestOf(settled.flatMap(visible))',
    after: 'digestOf(settled)',
    tests: hidden,
  },
  {
    what: 'a webhook filter that sees hidden numbers',
    file: 'functions/domain/webhooks/match.ts',
    before: 'const data = visibleData(event, reader)',
    after: 'const data: Record<string, unknown> = event.data',
    tests: ['test/pure/webhook-matching.test.ts'],
  },
  {
    what: 'an erasure that keeps the name of the caller',
    file: 'functions/domain/personal/erase-cdr.ts',
    before: '  copy.clid = erased\n',
    after: '',
    tests: ['test/pure/functions-personal.test.ts', 'test/pure/erasure-passes.test.ts'],
  },
  {
    what: 'an erasure that forgets the callee',
    file: 'functions/domain/personal/erase-cdr.ts',
    before: 'return [raw, a, b].some(',
    after: 'return [raw, a].some(',
    tests: ['test/pure/functions-personal.test.ts', 'test/pure/erasure-passes.test.ts'],
  },
  {
    what: 'an erasure that keeps names beside erased numbers',
    file: 'functions/domain/personal/erase-item.ts',
    before: "    copy['name'] = erased\n",
    after: '',
    tests: ['test/pure/functions-personal.test.ts', 'test/pure/erasure-passes.test.ts'],
  },
]
