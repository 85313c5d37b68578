// SPDX-License-Identifier: EUPL-1.2
import { KeptList } from './keys/kept-list'
import { findAll } from './page/elements'

for (const panel of findAll(document, '[data-kept-keys]')) void new KeptList(panel).refresh()
