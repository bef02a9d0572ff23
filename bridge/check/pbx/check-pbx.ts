import { pbxCheckIds } from '../../operate/checks.ts'
import { inputRules, memberRules, nameRules, premiumRules, strangerRules } from './calls.ts'
import type { Files } from './conf.ts'
import { contextRules } from './contexts.ts'
import { coreRules, httpRules, managerRules } from './interfaces.ts'
import { forwardRules, jumpRules } from './jumps.ts'
import { type Finding, type Rule, readPbx } from './model.ts'
import { recordRules, syntaxRules } from './records.ts'
import { pageRules, pinRules, secretRules } from './secrets.ts'
import { oldDriverRules, pjsipRules } from './sip.ts'

const rules: readonly Rule[] = [
  syntaxRules,
  ...[managerRules, httpRules, coreRules, pageRules, secretRules, pinRules],
  ...[pjsipRules, oldDriverRules, strangerRules, premiumRules, inputRules],
  ...[contextRules, jumpRules, forwardRules, nameRules, memberRules, recordRules],
]

/**
 * Checks the configuration of an Asterisk as it stands in its files. Returns what is wrong, the dangerous first, each at its file and
 * line with a repair. Changes nothing and asks no running Asterisk.
 *
 * @param isFolder whether `files` may be the whole configuration; a single file has no missing neighbours
 */
export function checkPbx(files: Files, isFolder: boolean): Finding[] {
  const pbx = readPbx(files, isFolder)
  const found = rules.flatMap((rule) => rule(pbx))
  const order = [...pbxCheckIds] as readonly string[]
  const seen = new Set<string>()
  return found
    .filter(({ id, file, line, reason }) => {
      const key = `${id} ${file} ${line} ${reason}`
      if (seen.has(key)) return false
      seen.add(key)
      return true
    })
    .sort(
      (a, b) =>
        Number(a.state !== 'failed') - Number(b.state !== 'failed') ||
        order.indexOf(a.id) - order.indexOf(b.id) ||
        a.file.localeCompare(b.file) ||
        a.line - b.line,
    )
}
