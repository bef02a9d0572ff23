import {
  BridgeInfo,
  BridgeList,
  BridgeSession,
  CodeMade,
  CredentialsRequest,
  Enrolled,
  EnrolmentRequest,
} from '../bridge-access.ts'

export const bridgeRoutes = {
  'POST /v1/sites/{site}/bridges': {
    function: 'bridges',
    needs: 'bridge:manage',
    orAdmin: true,
    summary: 'A code that enrols one bridge, once, within an hour.',
    answers: { 201: CodeMade },
  },
  'GET /v1/sites/{site}/bridges': {
    function: 'bridges',
    needs: 'bridge:manage',
    orAdmin: true,
    summary: 'Bridges and codes of the site.',
    answers: { 200: BridgeList },
  },
  'DELETE /v1/sites/{site}/bridges/{bridge}': {
    function: 'bridges',
    needs: 'bridge:manage',
    orAdmin: true,
    summary: 'Revokes a bridge: what it sends is refused within 60 seconds, and it reads no command any more.',
    answers: { 200: BridgeInfo },
  },
  'POST /v1/bridge/enrolments': {
    function: 'bridgeAuth',
    needs: 'anyone',
    summary: 'Registers the public key of a bridge that shows a code.',
    body: EnrolmentRequest,
    answers: { 201: Enrolled },
  },
  'POST /v1/bridge/credentials': {
    function: 'bridgeAuth',
    needs: 'anyone',
    summary: 'A session of one hour with the rights of a bridge of its site, for a request signed by its key.',
    body: CredentialsRequest,
    answers: { 201: BridgeSession },
  },
} as const
