// SPDX-License-Identifier: EUPL-1.2
import { expect, test } from 'vitest'
import { estimateStrength } from '../../../static/ts/keys/password'

test.each([
  ['', 0],
  ['motdepasse', 0],
  ['M0tDeP@sse2026', 0],
  ['Mairie2026', 0],
  ['aaaaaaaaaaaaaaaaaaaa', 0],
  ['abcdefghijklmnopqrst', 0],
  ['9876543210', 0],
  ['kx7bq9', 1],
  ['kx7bq9wd', 2],
  ['kx7bq9wd;P', 3],
  ['correct cheval batterie agrafe', 4],
  ['kx7bq9wd;PmZ5', 4],
])('estimateStrength of %j is %i', (password, strength) => {
  expect(estimateStrength(password)).toBe(strength)
})

test('estimateStrength never falls when a random character is added', () => {
  const password = 'v#8Kq!2zRw$5'
  const strengths = Array.from(password, (_, i) => estimateStrength(password.slice(0, i + 1)))

  expect(strengths).toEqual(strengths.toSorted((a, b) => a - b))
})
