import { link, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { honours } from '../../contracts/grades.ts'
import { sayHonour, sayNumber } from '../../contracts/spoken-mark.ts'
import { errorCode } from '../failure.ts'
import type { Menu, Part } from './menu.ts'
import { fillPrompt } from './prompt.ts'
import { Speech } from './speech.ts'

/** The marks for which the dial plan has a sound: 0 to 20 in steps of 0.25. */
const quarterMarks = Array.from({ length: 81 }, (_, n) => n / 4)
/** The letters of an honour that the dial plan's FILTER(a-z) keeps. */
const asciiLetters = (honour: string) => honour.replace(/[^a-z]/g, '')

export interface CurlDialPlan {
  /** Base URL of the HTTP API, for example `https://HOST`. */
  api: string
  site: string
  /** Absolute path of the sounds' folder, which Asterisk must be able to read. */
  sounds: string
}

/**
 * Renders the marks menu as a dial plan that queries the API with `CURL()`, for an Asterisk without Stasis, and generates its
 * sounds. Its privacy is weaker: the mark is in channel variables and sound names, so every reader of ARI or AMI events and
 * verbose logs sees it, and it becomes `lastdata` of the CDR if the caller hangs up during its playback.
 * @throws SpeechError
 */
export async function renderCurlDialPlan(menu: Menu, { api, site, sounds }: CurlDialPlan): Promise<string> {
  const speech = new Speech(sounds)
  await speech.start()
  const soundsOf = async (parts: readonly Part[]) =>
    (await Promise.all(parts.map((part) => speech.say(part, menu.language)))).join('&')
  const prompt = (name: string) => soundsOf(fillPrompt(menu, name, {}))
  const linkSound = async (name: string, text: string) => {
    const file = join(sounds, `${name}.wav`)
    await rm(file, { force: true })
    await link(`${await speech.say({ text }, menu.language)}.wav`, file).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error
    })
  }
  for (const note of quarterMarks) await linkSound(`mark-${note}`, sayNumber(note, menu.language))
  for (const honour of honours) await linkSound(`mention-${asciiLetters(honour)}`, sayHonour(honour, menu.language))
  const questions = {
    welcome: await prompt('welcome'),
    number: await prompt('enter-number'),
    pin: await prompt('enter-pin'),
  }
  const ends = { unknown: await prompt('unknown'), locked: await prompt('locked'), closed: await prompt('closed') }
  const [sorry, bye] = [await prompt('sorry'), await prompt('bye')]
  const [success, failure] = [await soundsOf([{ sound: 'success' }]), await soundsOf([{ sound: 'failure' }])]
  const url = `${api}/v1/sites/${site}/grade-lookups`
  const body = `{"matricule":"${expression('MATRICULE')}","caller":"${expression('CALLERID(num)')}","pin":"${expression('PIN')}"}`
  return `; Marks by CURL(). Set SWITCHHOOK_LOOKUP_KEY in [globals] to a key with the scope grades:lookup alone, include this
; context where your phones dial, and load func_curl, res_curl and func_json. The mark is in channel variables: readers of
; ARI and AMI events and of verbose logs see it, and a caller who hangs up during its playback leaves it in lastdata of the
; call record. The Stasis menu has none of these weaknesses.
[menu-by-curl]
exten => ${menu.extension},1,Answer()
  same => n,Set(TRIES=3)
  same => n,Set(CURLOPT(httptimeout)=4)
  same => n,Set(CURLOPT(httpheader)=Authorization: Bearer ${expression('SWITCHHOOK_LOOKUP_KEY')})
  same => n,Set(CURLOPT(httpheader)=Content-Type: application/json)
  same => n,Playback(${questions.welcome})
  same => n(ask),Read(MATRICULE,${questions.number},3,,2,6)
  same => n,GotoIf($["${expression(`LEN(${expression('MATRICULE')})`)}" = "0"]?bye)
  same => n,Read(PIN,${questions.pin},8,,1,6)
  same => n,Set(ANSWER=${expression(`CURL(${url},${body})`)})
  same => n,Set(PIN=)
  same => n,Set(NOTE=${expression('JSON_DECODE(ANSWER,note)')})
  same => n,Set(MENTION=${expression(`FILTER(a-z,${expression('JSON_DECODE(ANSWER,mention)')})`)})
  same => n,Set(WHY=${expression('JSON_DECODE(ANSWER,errorId)')})
  same => n,Set(ANSWER=)
  same => n,GotoIf($["${expression('NOTE')}" != ""]?found)
  same => n,GotoIf($["${expression('WHY')}" = "lookup-locked" | "${expression('WHY')}" = "lookup-cap"]?locked)
  same => n,GotoIf($["${expression('WHY')}" = "lookup-closed"]?closed)
  same => n,GotoIf($["${expression('WHY')}" != "grade-unknown"]?sorry)
  same => n,Playback(${ends.unknown})
  same => n,Set(TRIES=$[${expression('TRIES')} - 1])
  same => n,GotoIf($[${expression('TRIES')} > 0]?ask:bye)
  same => n(found),ExecIf($["${expression('MENTION')}" = "${asciiLetters('échec')}"]?Playback(${failure}):Playback(${success}))
  same => n,Playback(${sounds}/mark-${expression('NOTE')}&${sounds}/mention-${expression('MENTION')})
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

/** Returns the dial plan's expression for the value of a variable or function. */
function expression(name: string): string {
  return `\${${name}}`
}
