// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, it } from 'vitest'
import { Admission } from '../../static/ts/pages/deposit/admission'
import { nextTurns } from '../../static/ts/pages/deposit/turns'

const LIMITS = { largestFile: 100, largestDeposit: 250, mostFiles: 4 }

describe('Admission', () => {
  const rows = [
    { envelope: 'offer', size: 60, known: { name: 'Prix.PDF' } },
    { envelope: 'application', size: 60, known: { name: 'DC1.pdf' } },
    { envelope: 'offer', size: 0, known: null },
  ]

  it.each([
    [{ name: 'a.pdf', size: 100 }, null],
    [{ name: 'a.pdf', size: 101 }, 'too_large'],
    [{ name: 'prix.pdf', size: 1 }, 'same_name'],
    [{ name: 'dc1.pdf', size: 1 }, null],
    [{ name: 'a/b', size: 1 }, 'bad_name'],
  ])('of %o is %s', (file, refusal) => {
    expect(new Admission(LIMITS, rows, 'offer').refusalOf(file)).toBe(refusal)
  })

  it('counts what it has let in, and nothing of what it refused', () => {
    const admission = new Admission({ ...LIMITS, mostFiles: 6 }, rows, 'offer')
    const files = [
      ['a', 90],
      ['b', 41],
      ['A', 1],
      ['b', 40],
      ['c', 0],
      ['d', 0],
    ] as const

    const refusals = files.map(([name, size]) => admission.refusalOf({ name, size }))

    expect(refusals).toEqual([null, 'deposit_too_large', 'same_name', null, null, 'too_many'])
  })
})

describe('nextTurns', () => {
  const row = (state: 'busy' | 'waiting' | 'done', size: number) => ({ isBusy: state === 'busy', isWaiting: state === 'waiting', size })

  it.each([
    ['three small ones', ['waiting 1', 'waiting 1', 'waiting 1', 'waiting 1'], [0, 1, 2]],
    ['two large ones, and a small one from behind', ['waiting 9', 'waiting 9', 'waiting 9', 'waiting 1'], [0, 1, 3]],
    ['none beside two large ones, but a small one', ['busy 9', 'busy 9', 'waiting 9', 'waiting 5'], [3]],
    ['none beside three', ['busy 9', 'busy 1', 'busy 1', 'waiting 1'], []],
    ['those that wait', ['done 1', 'busy 1', 'done 9', 'waiting 9'], [3]],
  ])('starts %s', (_what, states, expected) => {
    const rows = states.map((said) => row(said.split(' ')[0] as 'busy', Number(said.split(' ')[1])))

    expect(nextTurns(rows, 5).map((next) => rows.indexOf(next))).toEqual(expected)
  })
})
