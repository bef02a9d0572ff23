import * as v from 'valibot'
import {
  BridgeInfo,
  BridgeList,
  BridgeSession,
  CodeMade,
  CredentialsRequest,
  Enrolled,
  EnrolmentRequest,
} from '../bridge-access.ts'
import { field } from '../field.ts'
import { codeExample, timeExample } from './examples.ts'
import { sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'

const queues = {
  live: 'https://sqs.eu-west-3.amazonaws.com/1/live',
  records: 'https://sqs.eu-west-3.amazonaws.com/1/records',
  commands: 'https://sqs.eu-west-3.amazonaws.com/1/office-1',
}
const bridge = { key: 'k7c1', state: 'enrolled', createdAt: timeExample, createdBy: 'admin', enrolledAt: timeExample }

export const bridgeRoutes = {
  'POST /v1/sites/{site}/bridges': {
    summary: 'Makes a code that enrols one bridge, once, within an hour.',
    function: 'bridges',
    needs: 'bridge:manage',
    orAdmin: true,
    path: sitePath,
    answers: { 201: CodeMade },
    example: { answer: codeExample },
  },
  'GET /v1/sites/{site}/bridges': {
    summary: 'Lists the bridges and enrolment codes of the site.',
    function: 'bridges',
    needs: 'bridge:manage',
    orAdmin: true,
    path: sitePath,
    answers: { 200: BridgeList },
    example: { answer: { bridges: [bridge] } },
  },
  'DELETE /v1/sites/{site}/bridges/{bridge}': {
    summary: 'Revokes a bridge: its messages are refused within 60 seconds, and it can no longer read commands.',
    function: 'bridges',
    needs: 'bridge:manage',
    orAdmin: true,
    path: {
      ...sitePath,
      bridge: field(v.string(), 'Key id of the bridge, or of a code that is not used yet.', 'k7c1'),
    },
    answers: { 200: BridgeInfo },
    errors: { 'bridge-unknown': { status: 404, when: 'The site has no such bridge.' } },
    example: { answer: { ...bridge, state: 'revoked', revokedAt: timeExample } },
  },
  'POST /v1/bridge/enrolments': {
    summary: 'Registers the public key of a bridge that shows an enrolment code.',
    function: 'bridgeAuth',
    needs: 'anyone',
    body: EnrolmentRequest,
    answers: { 201: Enrolled },
    errors: { 'code-invalid': { status: 401, when: 'The code is unknown, expired, or used by another bridge.' } },
    example: {
      body: {
        code: codeExample.code,
        publicKey: '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA...\n-----END PUBLIC KEY-----\n',
      },
      answer: {
        site: 'office',
        key: 'k7c1',
        region: 'eu-west-3',
        deploymentPublicKey: '-----BEGIN PUBLIC KEY-----\n...\n-----END PUBLIC KEY-----\n',
        queues,
      },
    },
  },
  'POST /v1/bridge/credentials': {
    summary: 'Answers AWS credentials for one hour to a bridge that signs the request with its key.',
    function: 'bridgeAuth',
    needs: 'anyone',
    body: CredentialsRequest,
    answers: { 201: BridgeSession },
    errors: {
      'bridge-unknown': { status: 401, when: 'No enrolled bridge of the site has this key and signature.' },
      'time-off': { status: 403, when: 'The time of the request is more than five minutes off.' },
      'time-not-newest': { status: 409, when: 'A request with this time or a later one was answered already.' },
    },
    example: {
      body: { site: 'office', key: 'k7c1', time: timeExample, signature: 'c2lnbmF0dXJl' },
      answer: {
        accessKeyId: 'ASIA...',
        secretAccessKey: 'secret',
        sessionToken: 'token',
        expiration: '2026-11-23T20:03:14Z',
        region: 'eu-west-3',
        queues,
      },
    },
  },
} as const satisfies RouteGroup
