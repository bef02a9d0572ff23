import type { CheckId } from '../../bridge/operate/checks.ts'

/** What each result of a check means, for docs/operate.md. */
export const checkTexts: Readonly<Record<CheckId, { ok: string; warning?: string; failed?: string }>> = {
  config: { ok: 'the file is valid', failed: 'every wrong key, with the one that it resembles' },
  bridge: {
    ok: 'none runs, or one runs and all its components are up',
    warning: 'some of its components are down',
    failed: 'another program has the port of `/healthz`',
  },
  'state-folder': { ok: 'this user can write it', warning: 'others can read it', failed: 'it cannot be written' },
  disk: {
    ok: '1 GiB or more free, and a sync takes 50 ms or less',
    warning: 'less space, or slower',
    failed: 'it cannot be written',
  },
  key: { ok: 'the private key can be read, by its owner alone', failed: 'it cannot, or others can read it' },
  session: {
    ok: 'the cloud gives this bridge AWS credentials',
    failed: 'it does not: the reason, for example a revoked bridge',
  },
  sqs: { ok: 'SQS answers for both queues', failed: 'it does not, or it rejects the credentials' },
  ari: {
    ok: 'the user may read and write',
    failed: 'it cannot be reached, the password is wrong, or the user is read-only',
  },
  'asterisk-version': { ok: '16, 18, 20 or 22', warning: 'another one' },
  'asterisk-modules': { ok: 'those that the bridge uses are loaded', failed: 'the names of the others' },
  ami: {
    ok: 'the user may read what the bridge reads',
    warning:
      'there is no `ami`, then messages in mailboxes, registrations of trunks and queues are not published; or the user lacks rights: for an action, or, if `manager.conf` can be read, for a class of events',
    failed: 'it cannot be reached, does not answer, or the password is wrong',
  },
  menus: { ok: 'the files of menus are valid', failed: 'their faults' },
  'cdr-back-end': {
    ok: '`cdr_custom` or `cdr_csv` runs; with `cdr.database`, one module that writes into a table',
    warning: 'two modules write into tables: if they share it, each call has two rows',
    failed: 'none runs: without `cdr.database`, records are in a database alone, or nowhere',
  },
  'cdr-settings': { ok: 'records are on', warning: 'the files cannot be read', failed: '`enable = no`' },
  'cdr-unanswered': { ok: '`unanswered = yes`', warning: 'calls that nobody answers may have no record' },
  'cdr-batch': { ok: '`batch = no`', warning: 'records are late, and lost in a crash of Asterisk' },
  'cdr-mapping': {
    ok: '`cdr_custom.conf` has a mapping for `cdr.file`',
    warning: '`Master.csv` without `loguniqueid`',
    failed: 'nothing writes `cdr.file`',
  },
  'cdr-database': {
    ok: 'the table of `cdr.database` can be read',
    warning: 'no index begins with its time: each look reads the whole table',
    failed: 'the database is not reached, or refuses the user; or there is no such table, or a column is missing',
  },
  'cdr-rights': {
    ok: 'the user of `cdr.database` may read, and not write',
    warning: 'it may write too; SELECT on the table is enough',
  },
  'cdr-file': {
    ok: 'what the bridge understands of the last 50 records, of the file or the table, such as `25 fields, CSV, UTC`',
    warning: 'the file is absent (the bridge waits for it), or single records cannot be read or are cut',
    failed: 'no record can be read: nothing is sent, and the repair is the mapping to paste',
  },
  'cdr-zone': {
    ok: 'times have an offset, or agree with the `uniqueid`s',
    failed: 'they differ by whole quarter hours: set `cdr.zone`',
  },
  'cdr-growth': {
    ok: 'CDRs are written as calls end',
    warning: 'three calls have ended and the file has not grown for a minute: batch mode, or the wrong file',
  },
  mailboxes: {
    ok: 'the messages of each mailbox in `pjsip.conf` are counted',
    warning:
      'some mailboxes cannot be followed: the reason names them; or none is counted, because the Manager Interface does not answer, the user lacks `write = reporting`, or Asterisk has not loaded `func_pjsip_endpoint` and `func_pjsip_aor`',
  },
  queues: {
    ok: 'queues are read; or there is no `ami`, or no `app_queue`: then the site has no queues',
    warning:
      'the Manager Interface does not answer or refuses the user, or its user lacks `read = agent`: queues are then only read twice a second',
  },
  'cdr-quarantine': {
    ok: 'every CDR was read',
    warning: 'some could not be read',
    failed: 'the quarantine has 64 MiB: the file is not read on',
  },
  clock: {
    ok: "the machine's clock agrees with the cloud's within 30 s",
    warning:
      "it does not, by the hours and minutes that the reason names; or a server's certificate is not valid by it",
  },
}
