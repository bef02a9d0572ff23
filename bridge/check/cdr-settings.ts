import { basename } from 'node:path'
import { recommendedMapping } from '../../contracts/cdr-row/layout.ts'
import { errorCode } from '../failure.ts'
import type { Check } from '../operate/checks.ts'
import { type AsteriskConf, isTrue, readAsteriskConf, settingOf } from './asterisk-conf.ts'

/** FreePBX overwrites cdr.conf at each reload, and includes this file for changes by hand. */
const freepbxFile = 'cdr_general_custom.conf'

/** The name of the file in Asterisk's folder of `cdr_csv`. */
const masterFile = 'Master.csv'

/**
 * Checks the settings that decide whether Asterisk writes a record of every call at once: `cdr.conf` and `cdr_custom.conf` in
 * `folder`, which is `/etc/asterisk` in every distribution. Where records come from a table, no mapping is needed.
 */
export async function checkCdrSettings(folder: string, cdrFile: string | undefined): Promise<Check[]> {
  try {
    const cdr = (await readAsteriskConf(folder, 'cdr.conf')) ?? new Map()
    const custom = (await readAsteriskConf(folder, 'cdr_custom.conf')) ?? new Map()
    const isGenerated = (await readAsteriskConf(folder, freepbxFile)) !== undefined
    const mapping = cdrFile === undefined ? [] : [mappingCheck(cdr, custom, basename(cdrFile))]
    return [...generalChecks(cdr, isGenerated), ...mapping]
  } catch (error) {
    const reason = `the files in ${folder} cannot be read (${errorCode(error)})`
    const repair = `Run the check as a user who may read ${folder}, or name Asterisk's folder: --etc DIR`
    return [{ id: 'cdr-settings', state: 'warning', reason, repair }]
  }
}

function generalChecks(cdr: AsteriskConf, isGenerated: boolean): Check[] {
  const general = cdr.get('general')
  const faults: Check[] = []
  const inGeneral = (line: string) => {
    const lines = isGenerated ? atEnd(freepbxFile, undefined, line) : atEnd('cdr.conf', headerOf(cdr, 'general'), line)
    return `${lines}Then: asterisk -rx "module reload cdr"`
  }
  const enabled = settingOf(general, 'enable')
  if (enabled !== undefined && !isTrue(enabled)) {
    const reason = 'call records are turned off (enable in cdr.conf)'
    faults.push({ id: 'cdr-settings', state: 'failed', reason, repair: inGeneral('enable = yes') })
  }
  if (!isTrue(settingOf(general, 'unanswered'))) {
    const reason = 'Asterisk writes no record of a call that nobody answers and that dialled nobody'
    faults.push({ id: 'cdr-unanswered', state: 'warning', reason, repair: inGeneral('unanswered = yes') })
  }
  if (isTrue(settingOf(general, 'batch'))) {
    const reason =
      'Asterisk keeps records in memory and writes them later (batch mode): they are late, and lost in a crash'
    faults.push({ id: 'cdr-batch', state: 'warning', reason, repair: inGeneral('batch = no') })
  }
  const found = new Set(faults.map(({ id }) => id))
  const good: Check[] = [
    { id: 'cdr-settings', state: 'ok', reason: 'call records are on' },
    { id: 'cdr-unanswered', state: 'ok', reason: 'calls that nobody answers have records' },
    { id: 'cdr-batch', state: 'ok', reason: 'records are written as calls end' },
  ]
  return [...faults, ...good.filter(({ id }) => !found.has(id))]
}

function mappingCheck(cdr: AsteriskConf, custom: AsteriskConf, name: string): Check {
  const id = 'cdr-mapping'
  if (name === masterFile) {
    if (!cdr.has('csv')) {
      const reason = `without a section [csv] in cdr.conf, Asterisk writes no ${masterFile}`
      const repair = `${atEnd('cdr.conf', '[csv]', 'loguniqueid = yes')}Then: asterisk -rx "module load cdr_csv.so"`
      return { id, state: 'failed', reason, repair }
    }
    if (isTrue(settingOf(firstOf(cdr, 'csv'), 'loguniqueid')))
      return { id, state: 'ok', reason: 'cdr_csv writes records with their uniqueid' }
    const reason = 'cdr_csv writes records without their uniqueid: equal records of one second count as one'
    const repair = `${atEnd('cdr.conf', headerOf(cdr, 'csv'), 'loguniqueid = yes')}Then: asterisk -rx "module reload cdr_csv.so"`
    return { id, state: 'warning', reason, repair }
  }
  const names = firstOf(custom, 'mappings').map((mapping) => mapping.name)
  if (names.includes(name.toLowerCase()))
    return { id, state: 'ok', reason: `cdr_custom.conf has a mapping for ${name}` }
  const isIgnored = custom.get('mappings')?.some((mapping) => mapping.name === name.toLowerCase())
  if (isIgnored) {
    const reason = `cdr_custom.conf has the mapping for ${name} below a second [mappings], which Asterisk does not read`
    const repair = `Write the second header as [mappings](+), or move its lines below the first one.\n${reloadCustom}`
    return { id, state: 'failed', reason, repair }
  }
  const others = names.length > 0 ? `; it has ${names.join(', ')}` : ''
  const mapping = recommendedMapping.replace('switchhook.csv', name).replace('[mappings]\n', '').trimEnd()
  const repair = `Correct cdr.file, or: ${atEnd('cdr_custom.conf', headerOf(custom, 'mappings'), mapping)}${reloadCustom}`
  return { id, state: 'failed', reason: `cdr_custom.conf has no mapping for ${name}${others}`, repair }
}
const reloadCustom = 'Then: asterisk -rx "module reload cdr_custom.so"'

/** The settings of a section that every part of Asterisk reads. */
const firstOf = (conf: AsteriskConf, section: string) =>
  (conf.get(section) ?? []).filter(({ isRepeated }) => !isRepeated)

/** `(+)` continues a section: a second header of the name would be another section, and is an error for one that is not there yet. */
const headerOf = (conf: AsteriskConf, section: string) => `[${section}]${conf.has(section) ? '(+)' : ''}`

/** Lines that hold wherever the settings stand that they replace, since the last one of a name counts. */
function atEnd(file: string, header: string | undefined, line: string): string {
  return `At the end of ${file}:\n${header === undefined ? '' : `${header}\n`}${line}\n`
}
