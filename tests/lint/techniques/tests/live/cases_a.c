/* SPDX-License-Identifier: Apache-2.0 */
static const char *const cases[] = { "A1 something" };
