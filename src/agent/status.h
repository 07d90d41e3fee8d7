/* SPDX-License-Identifier: Apache-2.0 */
/* The status page: what engine and sensor tell of themselves, in memory that the
 * status process and others only read. Each of the two has a page of its own, so
 * that the engine, which parses hostile bytes, cannot speak for the sensor.
 *
 * A page holds two copies and the number of the last that is whole: a writer that
 * is stopped or killed in the middle never leaves a torn one, and a reader waits
 * for nobody. Readers believe no number: status_check_engine() and
 * status_check_sensor() bound them all.
 *
 * Times are CLOCK_MONOTONIC, in nanoseconds, 0: never; `wall` in a name is time
 * since 1970. */
#ifndef BW_AGENT_STATUS_H
#define BW_AGENT_STATUS_H

#include "base/base.h"
#include "brigwatch/event.h"
#include "brigwatch/maps.h"

#define STATUS_RULES_MAX 1024	   /* rules that are counted apart */
#define STATUS_RULE_ID_MAX 32	   /* longer ones are not counted apart */
#define STATUS_CONTAINERS_MAX 256  /* with books of their own, those with most records */
#define STATUS_HOOKS_MAX 32
#define STATUS_PROCESSES_MAX 8
#define STATUS_NAME_MAX 64
#define STATUS_LATENCIES 12	   /* bounds of the histogram, without infinity */

extern const double status_latency_bounds[STATUS_LATENCIES]; /* seconds */

enum status_table {
	STATUS_PROCESSES,
	STATUS_CONTAINERS,
	STATUS_STRINGS,
	STATUS_INCIDENTS,
	STATUS_FOLDS,
	STATUS_THRESHOLDS,
	STATUS_SEQUENCES,
	STATUS_TABLES,
};
const char *status_table_name(unsigned int table); /* "processes"... */

enum status_enriched { ENRICHED_OK, ENRICHED_LATE, ENRICHED_MISSING, ENRICHED_MAX };
enum status_refused { REFUSED_FOUND, REFUSED_NOT_FOUND, REFUSED_LATE, REFUSED_SKIPPED, REFUSED_MAX };

struct status_rule {
	char id[STATUS_RULE_ID_MAX];
	uint64_t alerts;
	uint32_t priority; /* enum priority */
	uint32_t pad;
};

struct status_container {
	uint64_t key;
	uint64_t received, suppressed;
	char id[STATUS_NAME_MAX * 2]; /* printable; "" when not known */
	char name[STATUS_NAME_MAX * 2];
};

struct status_engine {
	uint64_t written_ns;
	uint64_t start_ns;
	struct book books[RING_MAX][EVENT_TYPE_MAX];
	uint64_t ring_unread[RING_MAX]; /* bytes */
	uint64_t counters[COUNTER_MAX];	/* enum counter */
	uint64_t received, malformed, gaps;
	uint64_t unexplained; /* gaps beyond what was dropped */
	uint64_t missed_runs; /* as the sensor told */
	uint64_t lost_ns;     /* when any loss was last seen */

	uint64_t canaries, canaries_missed;
	uint64_t canary_ok_ns, canary_missed_ns;

	uint64_t alerts, alerts_folded, alerts_lost;
	uint64_t alerts_other; /* of rules beyond STATUS_RULES_MAX */
	int32_t output_error;  /* errno of the last write, while writes fail */
	uint32_t n_rules;      /* in rules[] */
	uint64_t latencies[STATUS_LATENCIES + 1]; /* each bound apart, then beyond */
	uint64_t latency_sum_ns;
	uint64_t incidents;

	uint64_t enriched[ENRICHED_MAX];
	uint64_t refused[REFUSED_MAX];
	uint64_t entries[STATUS_TABLES], evictions[STATUS_TABLES];

	uint64_t suppressed_containers;
	/* Of no container, and of those that are not in containers[]. */
	uint64_t received_host, received_other, suppressed_other;
	uint64_t n_containers;
	struct status_container containers[STATUS_CONTAINERS_MAX]; /* most suppressed first, then most received */

	uint64_t rules_loaded;
	uint64_t reloads_taken, reloads_refused;
	uint64_t rules_wall_ns; /* since when these judge */
	char rules_hash[STATUS_NAME_MAX + 12];
	struct status_rule rules[STATUS_RULES_MAX];
};

struct status_hook {
	char name[48];
	char without[96]; /* what is not seen without it */
	uint64_t missed_runs;
	uint8_t is_attached;
	uint8_t is_required;
	uint8_t pad[6];
};

struct status_process {
	char name[16];
	uint32_t pid;	  /* 0: it does not run */
	uint32_t is_wanted; /* ... and should */
	uint64_t restarts;
	uint64_t cpu_ns;
	uint64_t resident_bytes;
};

struct status_sensor {
	uint64_t written_ns;
	uint64_t start_ns, start_wall_ns;
	uint64_t checked_ns; /* hooks and pins */
	uint64_t pins_expected, pins_missing, pins_restored;
	uint64_t pins_taken_ns; /* when some were last found missing */
	uint64_t missed_runs;	/* of all hooks */
	uint64_t missed_ns;	/* when they last grew */
	int32_t pin_error;	/* errno: why those that are missing could not be put back; 0: they were */
	uint32_t pad;
	uint8_t is_adopted, is_pinned, is_stopping, is_reloading;
	uint8_t is_refused;	/* the rules as the files have them are not those that judge */
	uint8_t n_hooks, n_processes;
	uint8_t pad2;
	char version[32], object[24], release[STATUS_NAME_MAX + 2], tier[16], hostname[256];
	struct status_hook hooks[STATUS_HOOKS_MAX];
	struct status_process processes[STATUS_PROCESSES_MAX];
};

enum status_kind { STATUS_OF_ENGINE = 1, STATUS_OF_SENSOR = 2 };

struct status_page;

/* Make the memory of a page: *ret_fd to write, *ret_read_fd the same but read
 * only. Nobody can change its size. -errno. */
int status_page_make(enum status_kind kind, int *ret_fd, int *ret_read_fd);

/* Map it; the descriptor is needed no more. A writer begins anew: what is in it
 * is forgotten. Not inherited by children. -EBADMSG: not a page of this kind. */
int status_page_write(int fd, enum status_kind kind, struct status_page **ret);
int status_page_read(int fd, enum status_kind kind, struct status_page **ret);
void status_page_release(struct status_page *page);

/* Writer: the loop has turned; what follows is what is known now. `data` is a
 * struct status_engine or a struct status_sensor. Without a page nothing happens. */
void status_turn(struct status_page *page, uint64_t now_ns);
void status_publish(struct status_page *page, const void *data);

/* Reader: when the loop last turned, or its writer began; 0: there was none yet. */
uint64_t status_last_turn(const struct status_page *page);

/* Reader: the last copy that was published, bounded. -ENODATA: there is none yet,
 * -EAGAIN: the writer was faster, several times; *ret is not to be used then. */
int status_get_engine(const struct status_page *page, struct status_engine *ret);
int status_get_sensor(const struct status_page *page, struct status_sensor *ret);

/* Cut counts to what there is room for, and make strings end and be printable. */
void status_check_engine(struct status_engine *data);
void status_check_sensor(struct status_sensor *data);

/* What is in such a field ends within it, and is printable ASCII without quotes
 * and backslashes: it cannot break a line, a label or a terminal. */
void status_check_text(char *text, size_t size);

uint64_t status_now(void); /* CLOCK_MONOTONIC */

#endif
