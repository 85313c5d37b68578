// SPDX-License-Identifier: EUPL-1.2
// What every page needs: the menu on a phone, menus of the header, alerts that can be closed.
import 'bootstrap/js/dist/alert'
import 'bootstrap/js/dist/collapse'
import 'bootstrap/js/dist/dropdown'
import 'bootstrap/js/dist/offcanvas'
