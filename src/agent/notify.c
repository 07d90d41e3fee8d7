// SPDX-License-Identifier: Apache-2.0
#include "agent/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "agent/log.h"

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Nobody is waited for: who does not read misses one. */
static void say(struct notify *notify, const char *text)
{
	if (notify->fd >= 0)
		(void)sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
			     (const struct sockaddr *)&notify->address, notify->address_len);
}

/* A path, or '@' and a name in the abstract namespace. */
static bool set_address(struct notify *notify, const char *name)
{
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof(notify->address.sun_path))
		return false;
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, name, len + 1);
	notify->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
	if (name[0] == '@')
		notify->address.sun_path[0] = '\0';
	return true;
}

/* sd_watchdog_enabled(3): the variables may be another process' whose child we are. */
static uint64_t watchdog_us(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	unsigned long long value;
	char *end;

	if (!usec || (pid && strtoull(pid, NULL, 10) != (unsigned long long)getpid()))
		return 0;
	value = strtoull(usec, &end, 10);
	if (usec[0] < '0' || usec[0] > '9' || *end || value == 0 || value > UINT64_MAX / 1000) {
		log_message("notify", "WATCHDOG_USEC is no number of microseconds: there is no watchdog");
		return 0;
	}
	return value;
}

void notify_init(struct notify *ret)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*ret = (struct notify){ .fd = -1 };
	if (!name || !name[0])
		return;
	if (!set_address(ret, name)) {
		log_message("notify", "NOTIFY_SOCKET is neither a path nor an abstract name: nobody is told");
		return;
	}
	ret->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ret->fd < 0)
		log_message("notify", "no socket for the service manager: %s", strerror(errno));
	ret->watchdog_ns = watchdog_us() * 1000 / 2;
}

void notify_release(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

/* One line. */
static void keep_status(struct notify *notify, const char *status)
{
	snprintf(notify->status, sizeof(notify->status), "%s", status);
	notify->status[strcspn(notify->status, "\n")] = '\0';
}

void notify_ready(struct notify *notify, const char *status)
{
	char text[512];

	keep_status(notify, status);
	notify->is_told = true;
	snprintf(text, sizeof(text), "READY=1\nSTATUS=%s", notify->status);
	say(notify, text);
}

void notify_status(struct notify *notify, const char *status)
{
	char text[512];

	if (!notify->is_told || !strncmp(notify->status, status, sizeof(notify->status) - 1))
		return;
	keep_status(notify, status);
	snprintf(text, sizeof(text), "STATUS=%s", notify->status);
	say(notify, text);
}

void notify_reloading(struct notify *notify)
{
	char text[128];

	if (!notify->is_told)
		return;
	notify->is_reloading = true;
	/* The time tells the manager that this is the answer to its signal. */
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now_us());
	say(notify, text);
}

void notify_reloaded(struct notify *notify)
{
	if (!notify->is_reloading)
		return;
	notify->is_reloading = false;
	say(notify, "READY=1");
}

void notify_stopping(struct notify *notify)
{
	if (notify->is_told)
		say(notify, "STOPPING=1\nSTATUS=stopping");
	notify->is_told = false;
}

void notify_alive(struct notify *notify, uint64_t now_ns)
{
	if (!notify->watchdog_ns || now_ns < notify->next_ns)
		return;
	/* The caller looks about once a second: soon enough is a second before. */
	notify->next_ns = now_ns + (notify->watchdog_ns > 1500000000ull ? notify->watchdog_ns - 1000000000ull : 0);
	say(notify, "WATCHDOG=1");
}
