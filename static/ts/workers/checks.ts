// SPDX-License-Identifier: EUPL-1.2
// Looks into files one after the other, a few pieces of each.
import type { CheckQuestion } from '../checker'
import { check } from '../checks/check'
import type { Finding } from '../checks/findings'
import { answerQuestions } from '../worker'

answerQuestions(({ file, name }: CheckQuestion): Promise<readonly Finding[]> => check(file, name).catch(() => []))
