// SPDX-License-Identifier: Apache-2.0
/* What fork+exec executes: a static program that does nothing. */
int main(void)
{
	return 0;
}
