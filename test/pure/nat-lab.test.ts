import { expect, describe as group, test } from 'vitest'
import { parseLabOptions } from '../../infra/lab/options.ts'
import { accounts, renderSituation, withOptions } from '../../infra/lab/pbx-files.ts'
import { describe, resultText, tableOf } from '../../infra/lab/report.ts'
import { counterRules, routerRules } from '../../infra/lab/router.ts'
import { type Audio, isForgotten, keepAliveSeconds, profiles, type Situation } from '../../infra/lab/situation.ts'
import { situations } from '../../infra/lab/situations.ts'
import { bindingRequest, mappedAddress } from '../../infra/lab/stun.ts'
import { type CallSeen, differences, type Seen } from '../../infra/lab/verdict.ts'
import { type Leg, wayOf } from '../../infra/lab/way.ts'

const situation = (id: string): Situation => {
  const found = situations.find((one) => one.id === id)
  if (!found) throw new Error(`no situation ${id}`)
  return found
}
/** Whether a router may forget a call while it lasts. */
const isShortMemory = ({ forgetsSeconds = 120, qualifySeconds }: Situation) =>
  forgetsSeconds < 10 && qualifySeconds === 0
const audioOf: Record<Leg['arrives'], Audio> = { yes: 'audio', no: 'none', either: 'either' }

group('the situations', () => {
  test('have the rows of the table, the six of the report and those of nat in site.yaml, each with its own id', () => {
    expect(new Set(situations.map(({ id }) => id)).size).toBe(situations.length)
    const of = (letter: string) => situations.filter(({ id }) => id.startsWith(letter)).length
    expect([of('o'), of('r'), of('n') >= 8, of('f') >= 2]).toEqual([11, 6, true, true])
  })

  test.each(situations.map((one): [string, Situation] => [one.id, one]))(
    'the drawing of %s explains exactly what is expected to be measured',
    (_id, one) => {
      const { answer, request, audioToA, audioFromA } = wayOf(one)
      expect(one.registers).toBe(answer.arrives === 'yes')
      expect(one.toA.arrives).toBe(one.registers && request.arrives === 'yes')
      if (one.toA.arrives) expect(one.toA.heardByA).toBe(audioOf[audioToA.arrives])
      expect(one.fromA.arrives).toBe(one.registers)
      if (!one.fromA.arrives) return
      expect(one.fromA.heardByA).toBe(audioOf[audioFromA.arrives])
      // The phone's own call opens the way again that its router had forgotten.
      const reaches = wayOf({ ...one, idleSeconds: 0 }).request.arrives === 'yes'
      if (!isShortMemory(one)) expect(one.fromA.endReachesA).toBe(reaches)
    },
  )

  test('are described as in the golden file', async () => {
    await expect(situations.map(describe).join('\n')).toMatchFileSnapshot('../golden/nat-lab/situations.txt')
  })
})

group('the verdict', () => {
  const call = (heardByA: number, heardByB: number, more: Partial<CallSeen> = {}): CallSeen => ({
    ...{ arrived: true, heardByA, heardByB, sentByA: 170, sentByB: 170, endReachedA: true },
    ...more,
  })
  const both: Seen = { registered: true, toA: call(170, 168), fromA: call(165, 170) }
  const nothing = call(0, 0, { arrived: false, sentByA: 0, sentByB: 0 })

  test('accepts 150 packets or more in each direction, and no fewer', () => {
    expect(differences(situation('o6'), both)).toEqual([])
    expect(differences(situation('o6'), { ...both, toA: call(150, 150) })).toEqual([])
    expect(differences(situation('o6'), { ...both, toA: call(149, 150) })).toEqual([
      'B to A, heard by A: 149 packets instead of 150 or more',
    ])
  })

  test('accepts none or all where the outcome is a race, and nothing between', () => {
    const flaky = (heard: number) => differences(situation('o7'), { ...both, fromA: call(heard, 170) })
    expect([flaky(0), flaky(168)]).toEqual([[], []])
    expect(flaky(3)).toEqual(['A to B, heard by A: 3 packets instead of none or 150 or more'])
  })

  test('takes a direction for silent only if the other phone spoke', () => {
    const oneWay = call(0, 170, { endReachedA: false })
    expect(differences(situation('o2'), { registered: true, toA: nothing, fromA: oneWay })).toEqual([])
    const mute = { ...oneWay, sentByB: 0 }
    expect(differences(situation('o2'), { registered: true, toA: nothing, fromA: mute })).toEqual([
      'A to B, heard by A: only 0 packets were sent, which proves nothing',
    ])
    const leak = { ...oneWay, heardByA: 1 }
    expect(differences(situation('o2'), { registered: true, toA: nothing, fromA: leak })).toEqual([
      'A to B, heard by A: 1 packets instead of none',
    ])
  })

  test('says if a call arrives or not against expectation, and if a phone registers', () => {
    expect(differences(situation('o6'), { ...both, toA: nothing })).toEqual(['B to A: the call did not reach A'])
    expect(differences(situation('o1'), { registered: true, toA: nothing, fromA: call(0, 0) })).toEqual([
      'phone A registered',
      'A to B: the call reached B',
    ])
  })

  test('says if the end of a call reaches phone A against expectation', () => {
    expect(differences(situation('o6'), { ...both, fromA: call(170, 170, { endReachedA: false }) })).toEqual([
      'A to B: A did not notice that B hung up',
    ])
    const o4 = { registered: true, toA: nothing, fromA: call(170, 170) }
    expect(differences(situation('o4'), o4)).toEqual(['A to B: A noticed that B hung up'])
  })

  test('is printed with what was seen, and each different outcome of several runs stands in the table', () => {
    const result = { situation: situation('o7'), seen: { ...both, toA: nothing } }
    expect(resultText(result)).toMatch(
      /^WRONG o7 .*\n.*expected.*\n {2}seen .*B calls A: never arrives; A calls B: 165/,
    )
    expect(resultText(result)).toContain('  ! B to A: the call did not reach A\n')
    const silent = { ...both, fromA: call(0, 170) }
    const table = tableOf([
      { situation: situation('o7'), seen: both },
      { situation: situation('o7'), seen: silent },
    ])
    expect(table.split('\n')[2]).toBe(
      '| o7 | ports kept, STUN, no option | audio / audio | 170 / 168 | either / audio | 165 / 170; 0 / 170 |',
    )
  })
})

group('nat of site.yaml', () => {
  /** Reads the options of a template as `pbx render` writes it. */
  const template = (pjsip: string, name: string) => {
    const text = new RegExp(`^\\[${name}\\]\\(!\\)\\n((?:.+\\n)+)`, 'm').exec(pjsip)?.[1] ?? ''
    const is = (option: string) => new RegExp(`^${option} = yes$`, 'm').test(text)
    return { forceRport: is('force_rport'), rewriteContact: is('rewrite_contact'), rtpSymmetric: is('rtp_symmetric') }
  }
  const files = { root: '/opt/root', folder: '/var/pbx' }
  const rendered = (id: string) => renderSituation(situation(id), files).files.get('pjsip.conf') ?? ''

  test.each(Object.entries(profiles))(
    '%s has in the laboratory the options that pbx render writes',
    (name, options) => {
      expect(template(rendered('n1'), `phone-${name}`)).toEqual(options)
    },
  )

  test('a situation with single options changes only those of phone A', () => {
    for (const one of situations) {
      const pjsip = renderSituation(one, files).files.get('pjsip.conf') ?? ''
      const used = new RegExp(`^\\[${accounts.a}\\]\\(phone,(phone-[a-z-]+),`, 'm').exec(pjsip)?.[1] ?? ''
      const wanted = typeof one.nat === 'string' ? profiles[one.nat] : one.nat
      expect(template(pjsip, used), one.id).toEqual(wanted)
      expect(template(pjsip, 'phone-auto'), one.id).toEqual(profiles.auto)
    }
    expect(() => withOptions('[other]\n', profiles.auto)).toThrow('no template')
  })

  test('behind-nat asks phones often enough for a router that forgets after 20 s; auto only as often as the site says', () => {
    expect(keepAliveSeconds(situation('n9'))).toBe(60)
    expect(keepAliveSeconds(situation('n10'))).toBe(15)
    expect(keepAliveSeconds({ nat: 'behind-nat', qualifySeconds: 0 })).toBe(15)
    expect(keepAliveSeconds({ nat: 'behind-nat', qualifySeconds: 5 })).toBe(5)
    expect([isForgotten(situation('n9')), isForgotten(situation('n10'))]).toEqual([true, false])
    expect(rendered('n10')).toMatch(/\[phone-aor-nat\]\(!\)\nqualify_frequency = 15\n/)
    expect(rendered('n9')).toMatch(/\[phone-aor\]\(!\)\n(?:.+\n)*qualify_frequency = 60\n/)
  })
})

group('the network of the laboratory', () => {
  test('each kind of router has its rules', () => {
    expect(routerRules('none')).toBe('')
    expect(routerRules('firewall')).not.toContain('masquerade')
    expect(routerRules('random')).toContain('masquerade random\n')
    expect(routerRules('preserving')).toContain('masquerade\n')
    for (const kind of ['firewall', 'random', 'preserving'] as const)
      expect(routerRules(kind)).toContain(
        'policy drop;\n    iifname "lan" accept\n    ct state established,related accept',
      )
  })

  test('counts only audio between a phone and Asterisk', () => {
    expect(counterRules('192.168.1.10')).toContain(
      'ip saddr 203.0.113.10 ip daddr 192.168.1.10 udp dport 18000 counter name heard',
    )
    expect(counterRules('192.168.1.10')).toContain(
      'ip daddr 203.0.113.10 ip saddr 192.168.1.10 udp sport 18000 counter name sent',
    )
  })
})

group('STUN', () => {
  const transaction = Buffer.from('b7e7a701bc34d686fa87dfae', 'hex')
  /** The sample IPv4 response of RFC 5769, section 2.2. */
  const sample = Buffer.from(
    '0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96',
    'hex',
  )

  test('reads the address of the sample answer in RFC 5769', () => {
    expect(mappedAddress(sample, transaction)).toEqual({ address: '192.0.2.1', port: 32853 })
  })

  test('refuses an answer to another request, a request, and every shortened answer without its address', () => {
    expect(mappedAddress(sample, Buffer.alloc(12))).toBeUndefined()
    expect(mappedAddress(bindingRequest(transaction), transaction)).toBeUndefined()
    for (let length = 0; length < 48; length++)
      expect(mappedAddress(sample.subarray(0, length), transaction), `${length} bytes`).toBeUndefined()
  })

  test('asks with a Binding request without attributes', () => {
    expect(bindingRequest(transaction).toString('hex')).toBe('000100002112a442b7e7a701bc34d686fa87dfae')
  })
})

group('npm run lab:nat', () => {
  test('measures every situation once unless it is told otherwise', () => {
    expect(parseLabOptions([])).toMatchObject({ situations, runs: 1, atOnce: 3, isListing: false })
    const some = parseLabOptions(['--only', 'r1,o7', '--runs', '3', '--at-once', '1', '--list'])
    expect(some.situations.map(({ id }) => id)).toEqual(['o7', 'r1'])
    expect(some).toMatchObject({ runs: 3, atOnce: 1, isListing: true })
  })

  test.each([
    [['--only', 'r1,x9'], 'No situation x9; there are o1, '],
    [['--only', ''], 'No situation ; there are'],
    [['--runs', '0'], '--runs must be a number from 1 to 100, for example --runs 3'],
    [['--runs', '1e1'], '--runs must be'],
    [['--at-once', '17'], '--at-once must be a number from 1 to 16'],
    [['--quick'], "Unknown option '--quick'"],
  ])('refuses %j and shows how to use it', (args, message) => {
    expect(() => parseLabOptions(args)).toThrow(message)
    expect(() => parseLabOptions(args)).toThrow('npm run lab:nat -- --runs 3')
  })
})
