import path from 'node:path'
import type { BridgeConfig } from '../../../bridge/config.ts'

/** What a faulty configuration names. */
export interface EmptyPlace {
  /** A TCP port on which nothing listens. */
  closedPort: number
  /** A folder without any file. */
  temporary: string
}

/** A change to the configuration, the check that must name it, its state, and words of its reason. */
export const faultyConfigs: [
  fault: string,
  id: string,
  state: string,
  reason: RegExp,
  change: (config: BridgeConfig, place: EmptyPlace) => object,
][] = [
  ['a wrong ARI password', 'ari', 'failed', /refuses the password/, ({ ari }) => ({ ari: { ...ari, password: 'x' } })],
  [
    'the AMI port as ARI',
    'ari',
    'failed',
    /HTTP|not answer/,
    ({ ari, ami }) => ({
      ari: { ...ari, url: `http://127.0.0.1:${ami?.port}/ari` },
    }),
  ],
  [
    'an ARI that is not there',
    'ari',
    'failed',
    /ECONNREFUSED/,
    ({ ari }, { closedPort }) => ({ ari: { ...ari, url: `http://127.0.0.1:${closedPort}/ari` } }),
  ],
  ['a wrong AMI password', 'ami', 'failed', /refuses the AMI user/, ({ ami }) => ({ ami: { ...ami, password: 'x' } })],
  ['no AMI', 'ami', 'warning', /mailboxes/, () => ({ ami: undefined })],
  [
    'an AMI that is not there',
    'ami',
    'failed',
    /ECONNREFUSED/,
    ({ ami }, { closedPort }) => ({ ami: { ...ami, port: closedPort } }),
  ],
  [
    'an API that is not there',
    'session',
    'failed',
    /no answer from the API/,
    (_config, { closedPort }) => ({ api: `http://127.0.0.1:${closedPort}` }),
  ],
  [
    'the clock of an API that is not there',
    'clock',
    'failed',
    /does not answer/,
    (_config, { closedPort }) => ({ api: `http://127.0.0.1:${closedPort}` }),
  ],
  ['a key that the cloud does not know', 'session', 'failed', /./, ({ key }) => ({ key: { ...key, id: 'unknown' } })],
  [
    'a key file that is not there',
    'key',
    'failed',
    /nowhere/,
    ({ key }, { temporary }) => ({
      key: { ...key, privateKeyFile: path.join(temporary, 'nowhere.pem') },
    }),
  ],
  [
    'a state folder that cannot be made',
    'state-folder',
    'failed',
    /is no folder/,
    () => ({
      stateFolder: path.join(process.execPath, 'state'),
    }),
  ],
  [
    'a CDR file without a mapping',
    'cdr-mapping',
    'failed',
    /no mapping for calls.csv/,
    (_config, { temporary }) => ({
      cdr: { file: path.join(temporary, 'calls.csv') },
    }),
  ],
  [
    'a CDR file that is not there',
    'cdr-file',
    'warning',
    /does not exist/,
    (_config, { temporary }) => ({
      cdr: { file: path.join(temporary, 'calls.csv') },
    }),
  ],
  [
    'a folder instead of a CDR file',
    'cdr-file',
    'failed',
    /cannot be read/,
    (_config, { temporary }) => ({ cdr: { file: temporary } }),
  ],
  [
    'a menu with a fault',
    'menus',
    'failed',
    /cannot be read/,
    (_config, { temporary }) => ({
      menus: { key: 'k', application: 'switchhook-menus', files: [path.join(temporary, 'menu.json')] },
    }),
  ],
]
