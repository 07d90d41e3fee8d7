/* SPDX-License-Identifier: Apache-2.0 */
/* Send alerts of every rule by one driver, as the output process does: in order,
 * again after a failure, given up when the failure is final.
 *
 * usage: send SPEC RULES NUMBER [TIMEOUT_MS [LARGE]]
 *
 * Of each rule NUMBER alerts, those of `alerts FORMAT RULES NUMBER 1`, and one of
 * LARGE bytes. Tells what happened; exit 0 when all came through or
 * were refused for good, 1 when the time (10 s) was over before. */
#include <signal.h>
#include <stdio.h>

#include "agent/output_driver.h"
#include "agent/output_socket.h"
#include "lib/alerts.h"

struct sender {
	struct output_spec spec;
	const struct output_driver *driver;
	void *output; /* NULL: not open */
	struct outbox_record *records;
	unsigned int n, size;
	unsigned int written, failed, tries, opens;
	struct output_error error;
};

static const struct output_driver *driver_of(enum output_kind kind)
{
	switch (kind) {
	case OUTPUT_UNIX: return &output_unix;
	case OUTPUT_UNIXGRAM: return &output_unixgram;
	case OUTPUT_SYSLOG_UNIX:
	case OUTPUT_SYSLOG_UDP:
	case OUTPUT_SYSLOG_TCP: return &output_syslog;
	case OUTPUT_JOURNALD: return &output_journald;
	case OUTPUT_HTTP: return &output_http;
	default: return NULL;
	}
}

static struct slice render(struct sender *sender, const struct finding *finding)
{
	char *text;
	size_t len;

	if (sink_render(finding, sender->spec.format, false, &text, &len) < 0)
		abort();
	return (struct slice){ text, len };
}

static struct slice label(struct slice raw)
{
	bool changed;
	size_t len;
	char *text = encode_utf8(raw, &len, &changed);

	return (struct slice){ text, len };
}

static struct outbox_record *add_record(struct sender *sender)
{
	struct outbox_record *record;

	if (sender->n == sender->size) {
		sender->size = 2 * sender->size + 64;
		sender->records = realloc(sender->records, sender->size * sizeof(*sender->records));
		if (!sender->records)
			abort();
	}
	record = &sender->records[sender->n++];
	*record = (struct outbox_record){ .number = sender->n };
	return record;
}

static void add_large(struct sender *sender, size_t len)
{
	char *text = malloc(len);

	if (!text)
		abort();
	memset(text, 'x', len);
	add_record(sender)->text = (struct slice){ text, len };
}

static void add(const struct finding *finding, void *arg)
{
	const struct container_view *container = finding->event->container;
	struct outbox_record *record = add_record(arg);
	struct sender *sender = arg;

	record->wall_ns = finding->event->wall_ns;
	record->severity = finding->severity;
	record->text = render(sender, finding);
	record->labels[OUTBOX_RULE] = label(slice_from(finding->rule_id)); /* the rules are gone when it is sent */
	record->labels[OUTBOX_RULE_NAME] = label(slice_from(finding->rule_name));
	if (container) {
		record->labels[OUTBOX_CONTAINER] = label(container->id);
		record->labels[OUTBOX_CONTAINER_NAME] = label(container->name);
		record->labels[OUTBOX_IMAGE] = label(container->image);
		record->labels[OUTBOX_POD] = label(container->pod);
		record->labels[OUTBOX_NAMESPACE] = label(container->pod_ns);
	}
}

/* How many are dealt with; 0: none now. */
static unsigned int try_once(struct sender *sender, unsigned int from)
{
	unsigned int n = sender->n - from < sender->spec.batch ? sender->n - from : sender->spec.batch;
	int r;

	memset(&sender->error, 0, sizeof(sender->error));
	sender->tries++;
	if (!sender->output) {
		if (sender->driver->open(&sender->spec, -1, &sender->output, &sender->error) < 0)
			return 0;
		sender->opens++;
	}
	r = sender->driver->deliver(sender->output, &sender->records[from], n, &sender->error);
	if (r > 0) {
		sender->written += (unsigned int)r;
		return (unsigned int)r;
	}
	if (sender->driver->closes_on_error) {
		sender->driver->close(sender->output);
		sender->output = NULL;
	}
	sender->failed += sender->error.is_final;
	return sender->error.is_final;
}

int main(int argc, char **argv)
{
	int64_t end = output_now_ms() + (argc > 4 ? atoi(argv[4]) : 10000);
	struct sender sender = { .n = 0 };
	char error[OUTPUT_ERROR_MAX];
	unsigned int done = 0, step, pause_ms = 20;

	signal(SIGPIPE, SIG_DFL); /* no driver may raise it */
	if (argc < 4 || output_spec_parse(argv[1], &sender.spec, error) < 0 ||
	    output_spec_finish(&sender.spec, SINK_JSON, error) < 0) {
		fprintf(stderr, "usage: send SPEC RULES NUMBER [TIMEOUT_MS]: %s\n", argc < 4 ? "" : error);
		return 2;
	}
	sender.driver = driver_of(sender.spec.kind);
	if (!sender.driver || alerts_of_every_rule(argv[2], (unsigned int)atoi(argv[3]), 1, add, &sender) < 0)
		return 2;
	if (argc > 5)
		add_large(&sender, strtoul(argv[5], NULL, 10));
	while (done < sender.n && output_now_ms() < end) {
		step = try_once(&sender, done);
		done += step;
		if (step == 0) {
			fprintf(stderr, "again: %s (%u, after %u ms)\n", sender.error.text, sender.error.status,
				sender.error.retry_after_ms);
			pause_ms = sender.error.retry_after_ms ? sender.error.retry_after_ms : pause_ms < 500 ? 2 * pause_ms : 500;
			usleep(pause_ms * 1000);
		} else if (sender.error.is_final) {
			fprintf(stderr, "refused: %s\n", sender.error.text);
		} else {
			pause_ms = 20;
		}
	}
	if (sender.output)
		sender.driver->close(sender.output);
	printf("%u alerts, %u written, %u refused, %u tries, %u opens\n", sender.n, sender.written, sender.failed,
	       sender.tries, sender.opens);
	return done == sender.n ? 0 : 1;
}
