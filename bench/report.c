// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const config_names[CONFIG_MAX] = { "nothing", "empty", "agent" };
static const char *const subject_names[SUBJECT_MAX] = { "host", "contained", "alerting" };
static const char *const op_names[OP_MAX] = { "null",	    "read",    "stat",
					      "open+close", "connect", "fork+exec" };

#define CALM_MIN 3 /* rounds that say something */

/* --- numbers --- */

static int compare_double(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The p-th quantile of a copy, between neighbours; NAN of nothing. */
static double quantile(const double *values, int n, double p)
{
	double sorted[ROUNDS_MAX * ROUNDS_MAX], at = p * (n - 1);
	int below = (int)at;

	if (n <= 0)
		return NAN;
	memcpy(sorted, values, (size_t)n * sizeof(values[0]));
	qsort(sorted, (size_t)n, sizeof(sorted[0]), compare_double);
	if (below + 1 >= n)
		return sorted[n - 1];
	return sorted[below] + (sorted[below + 1] - sorted[below]) * (at - below);
}

struct cell {
	double ns;     /* median over rounds */
	double added;  /* median of the differences to nothing attached */
	double spread; /* half the distance between the quartiles of these differences */
	int n_noisy;   /* rounds in which one of the two had too few calm moments */
};

/* The rounds that were calm, or all of them when too few were. Their number. */
static int pick_rounds(const double *ns, const bool *noisy, int rounds, double *ret)
{
	int n = 0, n_calm = 0;

	for (int i = 0; i < rounds; i++)
		n_calm += !noisy[i];
	for (int i = 0; i < rounds; i++)
		if (n_calm < CALM_MIN || !noisy[i])
			ret[n++] = ns[i];
	return n;
}

static struct cell cell_of(const struct results *results, enum config config,
			   enum subject_kind subject, enum op op)
{
	const double *ns = results->ns[config][subject][op],
		     *base = results->ns[CONFIG_NOTHING][subject][op];
	const bool *noisy = results->noisy[config][subject][op],
		   *base_noisy = results->noisy[CONFIG_NOTHING][subject][op];
	double values[ROUNDS_MAX], base_values[ROUNDS_MAX], added[ROUNDS_MAX * ROUNDS_MAX];
	int rounds = results->rounds, n, n_base, n_added = 0;
	struct cell cell = { 0 };

	n = pick_rounds(ns, noisy, rounds, values);
	n_base = pick_rounds(base, base_noisy, rounds, base_values);
	for (int i = 0; i < rounds; i++)
		cell.n_noisy += noisy[i] || base_noisy[i];
	/* Within a round, as far as there are enough calm ones: what drifts cancels out. */
	for (int i = 0; i < rounds && rounds - cell.n_noisy >= CALM_MIN; i++)
		if (!noisy[i] && !base_noisy[i])
			added[n_added++] = ns[i] - base[i];
	/* Else each against each. */
	for (int i = 0; i < n && rounds - cell.n_noisy < CALM_MIN; i++)
		for (int j = 0; j < n_base; j++)
			added[n_added++] = values[i] - base_values[j];

	cell.ns = quantile(values, n, 0.5);
	cell.added = quantile(added, n_added, 0.5);
	cell.spread = (quantile(added, n_added, 0.75) - quantile(added, n_added, 0.25)) / 2;
	return cell;
}

static double percent_added(const struct results *results, enum subject_kind subject, enum op op)
{
	double base = cell_of(results, CONFIG_NOTHING, subject, op).ns;

	return 100 * cell_of(results, CONFIG_AGENT, subject, op).added / base;
}

static double ratio_to_empty(const struct results *results, enum subject_kind subject, enum op op)
{
	double empty = cell_of(results, CONFIG_EMPTY, subject, op).added;

	return empty > 0 ? cell_of(results, CONFIG_AGENT, subject, op).added / empty : NAN;
}

static double load_percent(const struct load *load)
{
	double sum = 0;

	for (int i = 0; i < load->n_processes; i++)
		sum += load->percent[i];
	return sum;
}

#define MB (1 << 20)

static struct agent_process sum_memory(const struct results *results)
{
	struct agent_process sum = { 0 };

	for (int i = 0; i < results->n_memory; i++) {
		sum.rss += results->memory[i].rss;
		sum.pss += results->memory[i].pss;
		sum.rings += results->memory[i].rings;
	}
	return sum;
}

/* --- aims --- */

struct aim {
	char name[96];
	bool measured;
	double value, limit;
	const char *unit;
};

#define AIMS_MAX 16

static void add_aim(struct aim *aims, int *n, bool measured, double value, double limit,
		    const char *unit, const char *name)
{
	struct aim *aim = &aims[(*n)++];

	*aim = (struct aim){ .measured = measured && isfinite(value),
			     .value = value,
			     .limit = limit,
			     .unit = unit };
	snprintf(aim->name, sizeof(aim->name), "%s", name);
}

static int list_aims(const struct results *results, struct aim *aims)
{
	bool agent = results->has_agent && results->rounds > 0;
	struct agent_process sum = sum_memory(results);
	int n = 0;

	add_aim(aims, &n, agent, ratio_to_empty(results, SUBJECT_HOST, OP_NULL), 1.1,
		"times the empty programs", "host task, null call");
	add_aim(aims, &n, agent, ratio_to_empty(results, SUBJECT_HOST, OP_OPEN), 1.2,
		"times the empty programs", "host task, open+close");
	add_aim(aims, &n, agent, cell_of(results, CONFIG_AGENT, SUBJECT_CONTAINED, OP_OPEN).added,
		600, "ns added", "contained task that matches nothing, open+close");
	add_aim(aims, &n, agent, percent_added(results, SUBJECT_HOST, OP_CONNECT), 6, "% added",
		"host task, connect");
	add_aim(aims, &n, agent, percent_added(results, SUBJECT_CONTAINED, OP_CONNECT), 6,
		"% added", "contained task that matches nothing, connect");
	add_aim(aims, &n, agent, percent_added(results, SUBJECT_HOST, OP_EXEC), 2, "% added",
		"host task, fork+exec");
	add_aim(aims, &n, agent, percent_added(results, SUBJECT_CONTAINED, OP_EXEC), 2, "% added",
		"contained task that matches nothing, fork+exec");
	add_aim(aims, &n, results->folded.measured, load_percent(&results->folded), 2,
		"% of a core", "all processes, alerting opens at the paced rate");
	add_aim(aims, &n, results->bulk.measured, load_percent(&results->bulk), 2, "% of a core",
		"all processes, a rule that wants every open, at the paced rate");
	add_aim(aims, &n, results->n_memory > 0, (double)sum.rss / MB, 20, "MB resident",
		"all processes, without the rings and maps");
	add_aim(aims, &n, results->n_starts > 0,
		quantile(results->first_alert_ms, results->n_starts, 0.5), 300,
		"ms from exec to the first alert", "start");
	return n;
}

static const char *verdict(const struct aim *aim)
{
	if (!aim->measured)
		return "NOT MEASURED";
	return aim->value <= aim->limit ? "PASS" : "FALLS SHORT";
}

/* --- for a person --- */

static void print_row(const struct results *results, enum subject_kind subject, enum op op,
		      FILE *file)
{
	struct cell empty = cell_of(results, CONFIG_EMPTY, subject, op),
		    agent = cell_of(results, CONFIG_AGENT, subject, op);
	int n_noisy = empty.n_noisy > agent.n_noisy ? empty.n_noisy : agent.n_noisy;

	fprintf(file, "%-10s %-11s %9.0f  %+8.0f ±%-5.0f", subject_names[subject], op_names[op],
		cell_of(results, CONFIG_NOTHING, subject, op).ns, empty.added, empty.spread);
	if (results->has_agent) {
		fprintf(file, "  %+8.0f ±%-5.0f  %+7.1f %%", agent.added, agent.spread,
			percent_added(results, subject, op));
		/* A ratio of two numbers that are no larger than their spread says nothing. */
		if (empty.added > 2 * empty.spread && empty.added > 10)
			fprintf(file, "  %6.2fx", ratio_to_empty(results, subject, op));
		else
			fprintf(file, "  %7s", "-");
	}
	if (n_noisy > 0)
		fprintf(file, "  noisy: %d of %d", n_noisy, results->rounds);
	fputc('\n', file);
}

static void print_load(const struct load *load, const char *name, FILE *file)
{
	if (!load->measured)
		return;
	fprintf(file, "%s: %.0f operations/s for %.1f s, %.2f %% of a core:", name, load->rate,
		load->seconds, load_percent(load));
	for (int i = 0; i < load->n_processes; i++)
		fprintf(file, "%s %s %.2f %%", i > 0 ? "," : "", load->processes[i].name,
			load->percent[i]);
	fputc('\n', file);
	for (const char *line = load->summary; *line;) {
		size_t len = strcspn(line, "\n");

		fprintf(file, "    the agent: %.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static void print_processes(const struct results *results, FILE *file)
{
	struct agent_process sum = sum_memory(results);

	if (results->n_memory > 0)
		fprintf(file,
			"memory: %.1f MB resident (shared pages divided: %.1f MB), beside %.1f MB of rings and maps\n",
			(double)sum.rss / MB, (double)sum.pss / MB, (double)sum.rings / MB);
	for (int i = 0; i < results->n_memory; i++)
		fprintf(file, "    %-16s %6.1f MB, rings and maps %6.1f MB\n",
			results->memory[i].name, (double)results->memory[i].rss / MB,
			(double)results->memory[i].rings / MB);
	if (results->n_starts > 0)
		fprintf(file,
			"start: watching after %.0f ms, first alert after %.0f ms (median of %d; slowest %.0f ms)\n",
			quantile(results->watching_ms, results->n_starts, 0.5),
			quantile(results->first_alert_ms, results->n_starts, 0.5),
			results->n_starts, quantile(results->first_alert_ms, results->n_starts, 1));
	print_load(&results->idle, "idle", file);
	print_load(&results->folded, "alerting opens", file);
	print_load(&results->bulk, "a rule that wants every open", file);
}

static void print_noise(const struct results *results, FILE *file)
{
	int noisy = 0, all = 0;

	for (int c = 0; c < (results->has_agent ? CONFIG_MAX : CONFIG_AGENT); c++)
		for (int s = 0; s < SUBJECT_MAX; s++)
			for (int o = 0; o < OP_MAX; o++)
				for (int i = 0; i < results->rounds; i++, all++)
					noisy += results->noisy[c][s][o][i];
	if (4 * noisy > all)
		fprintf(file,
			"\nThe machine was busy: %d of %d measurements are noisy, the costs are rough. "
			"Repeat when it is calm.\n",
			noisy, all);
}

void report_print(const struct results *results, FILE *file)
{
	struct aim aims[AIMS_MAX];
	int n = list_aims(results, aims);

	fprintf(file, "\n%-10s %-11s %9s  %15s", "subject", "operation", "nothing",
		"empty programs");
	if (results->has_agent)
		fprintf(file, "  %15s  %9s  %7s", "agent", "", "/empty");
	fprintf(file, "\n%-10s %-11s %9s  %15s", "", "", "ns", "ns added");
	if (results->has_agent)
		fprintf(file, "  %15s  %9s  %7s", "ns added", "", "");
	fputc('\n', file);
	for (int s = 0; s < SUBJECT_MAX; s++)
		for (int o = 0; o < OP_MAX; o++)
			print_row(results, s, o, file);
	fprintf(file,
		"(median of %d rounds; ±: half the distance between the quartiles; \"noisy\": rounds in which the\n"
		"machine was too busy, left out as long as %d others remain)\n\n",
		results->rounds, CALM_MIN);

	print_processes(results, file);
	print_noise(results, file);
	fprintf(file, "\naims:\n");
	for (int i = 0; i < n; i++) {
		fprintf(file, "  %-12s  %s", verdict(&aims[i]), aims[i].name);
		if (aims[i].measured)
			fprintf(file, ": %.4g %s", aims[i].value, aims[i].unit);
		fprintf(file, " (aim: at most %g%s%s)\n", aims[i].limit,
			aims[i].measured ? "" : " ", aims[i].measured ? "" : aims[i].unit);
	}
}

/* --- for a program --- */

/* JSON knows no NAN. */
static void json_number(const char *key, double value, FILE *file)
{
	if (isfinite(value))
		fprintf(file, "\"%s\":%.4f,", key, value);
	else
		fprintf(file, "\"%s\":null,", key);
}

static void json_load(const struct load *load, const char *name, FILE *file)
{
	if (load->measured)
		fprintf(file,
			"{\"kind\":\"load\",\"name\":\"%s\",\"rate\":%.0f,\"seconds\":%.2f,\"percent_of_core\":%.3f}\n",
			name, load->rate, load->seconds, load_percent(load));
}

void report_json(const struct results *results, FILE *file)
{
	struct aim aims[AIMS_MAX];
	int n = list_aims(results, aims);

	for (int c = 0; c < (results->has_agent ? CONFIG_MAX : CONFIG_AGENT); c++)
		for (int s = 0; s < SUBJECT_MAX; s++)
			for (int o = 0; o < OP_MAX; o++) {
				struct cell cell = cell_of(results, c, s, o);

				fprintf(file,
					"{\"kind\":\"cost\",\"config\":\"%s\",\"subject\":\"%s\",\"op\":\"%s\",",
					config_names[c], subject_names[s], op_names[o]);
				json_number("ns", cell.ns, file);
				json_number("added_ns", cell.added, file);
				json_number("spread_ns", cell.spread, file);
				fprintf(file, "\"rounds\":%d,\"noisy_rounds\":%d}\n",
					results->rounds, cell.n_noisy);
			}
	json_load(&results->idle, "idle", file);
	json_load(&results->folded, "alerting opens", file);
	json_load(&results->bulk, "every open", file);
	for (int i = 0; i < results->n_memory; i++)
		fprintf(file,
			"{\"kind\":\"memory\",\"number\":%d,\"rss\":%llu,\"pss\":%llu,\"rings\":%llu}\n",
			i, (unsigned long long)results->memory[i].rss,
			(unsigned long long)results->memory[i].pss,
			(unsigned long long)results->memory[i].rings);
	for (int i = 0; i < results->n_starts; i++)
		fprintf(file, "{\"kind\":\"start\",\"watching_ms\":%.1f,\"first_alert_ms\":%.1f}\n",
			results->watching_ms[i], results->first_alert_ms[i]);
	for (int i = 0; i < n; i++) {
		fprintf(file, "{\"kind\":\"aim\",\"name\":\"%s\",\"unit\":\"%s\",\"limit\":%g,",
			aims[i].name, aims[i].unit, aims[i].limit);
		json_number("value", aims[i].measured ? aims[i].value : NAN, file);
		fprintf(file, "\"verdict\":\"%s\"}\n", verdict(&aims[i]));
	}
}
