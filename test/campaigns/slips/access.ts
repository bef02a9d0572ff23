// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code
import type { Slip } from './slip.ts'

const identify = 'functions/authorize/identify.ts'
const rights = 'functions/domain/key-rights.ts'
const matrix = ['test/pure/access-matrix.test.ts', 'test/pure/functions-access.test.ts']
const dial = ['test/pure/dial-rules.test.ts', 'test/pure/dial-plans.test.ts']
const keyRights = ['test/pure/key-rights.test.ts']
const targets = ['test/pure/webhook-targets.test.ts']

/** Callers who may do more than they should. */
export const accessSlips: readonly Slip[] = [
  {
    what: 'a revoked key that opens',
    file: identify,
    before: 'if (row.revokedAt !== undefined || (until !== undefined && until <= now)) return unknown',
    after: 'if (until !== undefined && until <= now) return unknown',
    tests: matrix,
  },
  {
    what: 'an old secret without an end',
    file: identify,
    before: 'const until = earliest(match.until, row.expiresAt)',
    after: 'const until = row.expiresAt',
    tests: matrix,
  },
  {
    what: 'a ticket of a revoked key',
    file: identify,
    before: 'if (!key || !isValid(key, now)) return unknown',
    after: 'if (!key) return unknown',
    tests: matrix,
  },
  {
    what: 'a ticket that outlives its key',
    file: identify,
    before: 'until: earliest(row.until, key.expiresAt) }',
    after: 'until: row.until }',
    tests: matrix,
  },
  {
    what: 'a board token that is an API key',
    file: identify,
    before: 'if (apiKey?.kind !== kind) return unknown',
    after: 'if (!apiKey) return unknown',
    tests: matrix,
  },
  {
    what: 'a key that reads another site',
    file: 'functions/http/authorize.ts',
    before: '  if (caller.site !== site) throw unknownSite()\n',
    after: '',
    tests: matrix,
  },
  {
    what: 'an expired key within the cache of the authorizer',
    file: 'functions/http/authorize.ts',
    before: "if (caller.kind === 'unknown' || isExpired) throw keyInvalid()",
    after: "if (caller.kind === 'unknown') throw keyInvalid()",
    tests: matrix,
  },
  {
    what: 'a scope that is not checked',
    file: 'functions/http/authorize.ts',
    before: 'if (!caller.scopes.has(needs)) {',
    after: "if (!caller.scopes.has(needs) && needs !== 'audit:read') {",
    tests: matrix,
  },
  {
    what: 'a frame without presence:read',
    file: 'functions/websocket/message/answer.ts',
    before: "if (!scopes.includes('presence:read')) {",
    after: "if (!scopes.includes('presence:read') && frame.action !== 'resume') {",
    tests: matrix,
  },
  {
    what: 'a digest without presence:read',
    file: 'functions/websocket/message/answer.ts',
    before: "if (frame.action === 'ping' && !frame.topics) return undefined",
    after: "if (frame.action === 'ping') return undefined",
    tests: [...matrix, 'test/pure/hidden-numbers.test.ts'],
  },
  {
    what: 'a viewer with numbers of calls',
    file: 'contracts/scopes.ts',
    before: "const viewer = ['sites:read', 'presence:read',",
    after: "const viewer = ['sites:read', 'cdrs:personal', 'presence:read',",
    tests: ['test/pure/access-table.test.ts'],
  },
  {
    what: 'a cursor of another site',
    file: 'functions/http/cursor.ts',
    before: '\\n${site}\\n${text}`',
    after: '\\n${text}`',
    tests: [...matrix, 'test/pure/page-cursors.test.ts'],
  },
  {
    what: 'a cursor that is not signed',
    file: 'functions/http/cursor.ts',
    before: 'if (more === undefined && sameText(signature, seal(list, site, text, key))) {',
    after: 'if (more === undefined && signature.length === seal(list, site, text, key).length) {',
    tests: [...matrix, 'test/pure/page-cursors.test.ts'],
  },
  {
    what: 'a right in a role that nothing uses',
    file: 'infra/cloud/function-roles.yml',
    before: '- { Effect: Allow, Action: [dynamodb:Query, dynamodb:UpdateItem], Resource: !GetAtt AuditTable.Arn }',
    after:
      '- { Effect: Allow, Action: [dynamodb:Query, dynamodb:UpdateItem, dynamodb:DeleteItem], Resource: !GetAtt AuditTable.Arn }',
    tests: ['test/pure/roles.test.ts'],
  },
  {
    what: 'a right on items that a function does not use',
    file: 'infra/cloud/function-roles.yml',
    before: "Condition: { ForAllValues:StringLike: { dynamodb:LeadingKeys: ['*#OPEN'] } }",
    after: "Condition: { ForAllValues:StringLike: { dynamodb:LeadingKeys: ['*#OPEN', '*#FRZ'] } }",
    tests: ['test/pure/roles.test.ts'],
  },
  {
    what: 'a longer life than that of the maker',
    file: rights,
    before: "...(isAbove(given.expiresAt, held.expiresAt) ? ['expiresInDays'] : []),",
    after: '',
    tests: keyRights,
  },
  {
    what: 'caps that are not inherited',
    file: rights,
    before: 'const calls = { ...held.calls, ...defined(wanted.calls ?? {}) }',
    after: 'const calls = { ...defined(wanted.calls ?? held.calls ?? {}) }',
    tests: keyRights,
  },
  {
    what: 'an absent cap that counts as within a cap',
    file: rights,
    before: 'return held !== undefined && (given === undefined || given > held)',
    after: 'return held !== undefined && given !== undefined && given > held',
    tests: keyRights,
  },
  {
    what: 'countries that the maker may not call',
    file: rights,
    before: '!gets.dialCountries?.every((country) => countries.includes(country))',
    after: '!gets.dialCountries?.some((country) => countries.includes(country))',
    tests: keyRights,
  },
  {
    what: 'an emergency number behind the outside prefix',
    file: 'functions/domain/dial-rules.ts',
    before: "if (readings.some((reading) => isEmergency(reading, country))) return denied('emergency')",
    after: "if (isEmergency(bare, country)) return denied('emergency')",
    tests: dial,
  },
  {
    what: 'a service of the dial plan that is dialled',
    file: 'functions/domain/dial-rules.ts',
    before: "  if (numbers.isService(bare)) return denied('service')\n",
    after: '',
    tests: dial,
  },
  {
    what: 'a satellite number that is dialled',
    file: 'functions/domain/dial-rules.ts',
    before: "  if (satellite.test(number.number)) return denied('satellite')\n",
    after: '',
    tests: dial,
  },
  {
    what: 'a premium number whose type is unknown',
    file: 'functions/domain/dial-rules.ts',
    before: "const plainTypes = new Set(['FIXED_LINE',",
    after: "const plainTypes = new Set(['', 'PREMIUM_RATE', 'SHARED_COST', 'FIXED_LINE',",
    tests: dial,
  },
  {
    what: 'a mobile number where the rules deny mobiles',
    file: 'functions/domain/dial-rules.ts',
    before: "  if (isMobile && !rules.mobile) return denied('mobile')\n",
    after: '',
    tests: dial,
  },
  {
    what: 'a webhook to a link-local address',
    file: 'functions/domain/webhooks/address.ts',
    before: "  ['169.254.0.0', 16],\n",
    after: '',
    tests: targets,
  },
  {
    what: 'a webhook to an IPv4 address within 6to4',
    file: 'functions/domain/webhooks/address.ts',
    before: "  ['2002::', 16],\n",
    after: '',
    tests: targets,
  },
  {
    what: 'a webhook to the deployment itself',
    file: 'functions/domain/webhooks/target-url.ts',
    before: "  if (ownHosts.includes(name)) refuse('The host is this deployment itself.')\n",
    after: '',
    tests: targets,
  },
  {
    what: 'a webhook to any port',
    file: 'functions/domain/webhooks/target-url.ts',
    before: 'if (!ports.has(url.port) && !allowsLocal) refuse(',
    after: 'if (!ports.has(url.port) && url.port === "22" && !allowsLocal) refuse(',
    tests: targets,
  },
  {
    what: 'an idempotency hash without nested values',
    file: 'functions/http/idempotency.ts',
    before: 'return sha256(JSON.stringify(request, sorted))',
    after: 'return sha256(JSON.stringify(request, Object.keys(request).sort()))',
    tests: ['test/pure/idempotency-hash.test.ts'],
  },
  {
    what: 'a path id of any length',
    file: 'functions/http/parameters.ts',
    before: 'Buffer.byteLength(text) > pathBytesMax',
    after: 'text.length > pathBytesMax',
    tests: ['test/pure/request-refusals.test.ts'],
  },
  {
    what: 'a body of the other lane',
    file: 'functions/queues/open-batch.ts',
    before:
      "    if (lane !== wanted) throw new BodyRefusedError('body-lane-wrong', `a body of ${lane} in the queue ${wanted}`)\n",
    after: '',
    tests: ['test/cloud/forged-bodies.test.ts', 'test/pure/contracts-packed-body.test.ts'],
  },
]
