// SPDX-License-Identifier: Apache-2.0
/* Somebody with root on the host who takes records out of a pinned ring before
 * the agent reads them: moves the consumer's position to the producer's.
 * usage: ring_thief PIN MILLISECONDS */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	volatile uint64_t *consumer, *producer;
	unsigned long long n_stolen = 0;
	union bpf_attr attr;
	long page = sysconf(_SC_PAGESIZE);
	double end;
	int fd;

	if (argc != 3)
		return 2;
	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uint64_t)(uintptr_t)argv[1];
	fd = (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	consumer = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	producer = mmap(NULL, (size_t)page, PROT_READ, MAP_SHARED, fd, page);
	if (consumer == MAP_FAILED || producer == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	end = now() + atoi(argv[2]) / 1000.0;
	while (now() < end) {
		uint64_t at = *producer;

		if (*consumer < at) {
			n_stolen += at - *consumer;
			*consumer = at;
		}
	}
	printf("%llu bytes stolen\n", n_stolen);
	return 0;
}
