import { link, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { honours } from '../../contracts/grades.ts'
import { sayHonour, sayNumber } from '../../contracts/spoken-mark.ts'
import { errorCode } from '../failure.ts'
import type { Menu, Part } from './menu.ts'
import { fillPrompt } from './prompt.ts'
import { Speech } from './speech.ts'

/** A quarter of a mark from 0 to 20: what has a sound in the dial plan. */
const quarters = Array.from({ length: 81 }, (_, n) => n / 4)
/** Letters that remain of an honour in the dial plan's FILTER: no accent and no space. */
const plain = (honour: string) => honour.replace(/[^a-z]/g, '')

export interface CurlDialPlan {
  /** `https://HOST`, as the bridge's own. */
  api: string
  site: string
  /** Absolute; Asterisk has to be able to read it. */
  sounds: string
}

/**
 * The menu of marks as a dial plan that asks the API by `CURL()`, for an Asterisk without Stasis; its sounds are made on the
 * way. What it costs: the mark stands in channel variables and in the names of sounds, so that every reader of ARI or AMI
 * events sees it, verbose logs show it, and a caller who hangs up while it is said leaves it as `lastdata` of the call record.
 * @throws SpeechError
 */
export async function renderCurlDialPlan(menu: Menu, { api, site, sounds }: CurlDialPlan): Promise<string> {
  const speech = new Speech(sounds)
  await speech.start()
  const made = async (parts: readonly Part[]) =>
    (await Promise.all(parts.map((part) => speech.say(part, menu.language)))).join('&')
  const prompt = (name: string) => made(fillPrompt(menu, name, {}))
  const named = async (name: string, text: string) => {
    const file = join(sounds, `${name}.wav`)
    await rm(file, { force: true })
    await link(`${await speech.say({ text }, menu.language)}.wav`, file).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error
    })
  }
  for (const note of quarters) await named(`mark-${note}`, sayNumber(note, menu.language))
  for (const honour of honours) await named(`mention-${plain(honour)}`, sayHonour(honour, menu.language))
  const says = {
    welcome: await prompt('welcome'),
    number: await prompt('enter-number'),
    pin: await prompt('enter-pin'),
  }
  const ends = { unknown: await prompt('unknown'), locked: await prompt('locked'), closed: await prompt('closed') }
  const [sorry, bye] = [await prompt('sorry'), await prompt('bye')]
  const [success, failure] = [await made([{ sound: 'success' }]), await made([{ sound: 'failure' }])]
  const url = `${api}/v1/sites/${site}/grade-lookups`
  const body = `{"matricule":"${of('MATRICULE')}","caller":"${of('CALLERID(num)')}","pin":"${of('PIN')}"}`
  return `; Marks by CURL(). Set SWITCHHOOK_LOOKUP_KEY in [globals] to a key with the one scope grades:lookup, include this
; context where your phones dial, and load func_curl, res_curl and func_json. The mark stands in variables of the channel:
; readers of ARI and AMI events see it, and so do verbose logs; a caller who hangs up while it is said leaves it in the
; call record's lastdata. The menu by Stasis has none of this.
[menu-by-curl]
exten => ${menu.extension},1,Answer()
  same => n,Set(TRIES=3)
  same => n,Set(CURLOPT(httptimeout)=4)
  same => n,Set(CURLOPT(httpheader)=Authorization: Bearer ${of('SWITCHHOOK_LOOKUP_KEY')})
  same => n,Set(CURLOPT(httpheader)=Content-Type: application/json)
  same => n,Playback(${says.welcome})
  same => n(ask),Read(MATRICULE,${says.number},3,,2,6)
  same => n,GotoIf($["${of(`LEN(${of('MATRICULE')})`)}" = "0"]?bye)
  same => n,Read(PIN,${says.pin},8,,1,6)
  same => n,Set(ANSWER=${of(`CURL(${url},${body})`)})
  same => n,Set(PIN=)
  same => n,Set(NOTE=${of('JSON_DECODE(ANSWER,note)')})
  same => n,Set(MENTION=${of(`FILTER(a-z,${of('JSON_DECODE(ANSWER,mention)')})`)})
  same => n,Set(WHY=${of('JSON_DECODE(ANSWER,errorId)')})
  same => n,Set(ANSWER=)
  same => n,GotoIf($["${of('NOTE')}" != ""]?found)
  same => n,GotoIf($["${of('WHY')}" = "lookup-locked"]?locked)
  same => n,GotoIf($["${of('WHY')}" = "lookup-closed"]?closed)
  same => n,GotoIf($["${of('WHY')}" != "grade-unknown"]?sorry)
  same => n,Playback(${ends.unknown})
  same => n,Set(TRIES=$[${of('TRIES')} - 1])
  same => n,GotoIf($[${of('TRIES')} > 0]?ask:bye)
  same => n(found),ExecIf($["${of('MENTION')}" = "${plain('échec')}"]?Playback(${failure}):Playback(${success}))
  same => n,Playback(${sounds}/mark-${of('NOTE')}&${sounds}/mention-${of('MENTION')})
  same => n,Set(NOTE=)
  same => n,Set(MENTION=)
  same => n(bye),Playback(${bye})
  same => n,Hangup()
  same => n(locked),Playback(${ends.locked}&${bye})
  same => n,Hangup()
  same => n(closed),Playback(${ends.closed}&${bye})
  same => n,Hangup()
  same => n(sorry),Playback(${sorry}&${bye})
  same => n,Hangup()
`
}

/** Asterisk's own notation for the value of a variable or function. */
function of(name: string): string {
  return `\${${name}}`
}
