# SPDX-License-Identifier: Apache-2.0
"""A service manager that is told, its watchdog, and a file of metrics; each as the real one would see it."""
import os, signal, threading

import answers
from lib import *

FILE = DIR + "/textfiles/brigwatch.prom"


class Manager:
    """The socket of sd_notify(3), and all that came: (time, lines)."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name[0] == "@" else name)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.got = []
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        while True:
            data = self.socket.recv(8192)
            self.got.append((time.time(), data.decode().split("\n")))

    def times(self, line, since=0):
        return [t for t, lines in self.got if line in lines and t >= since]

    def said(self, start, since=0):
        return next((l for t, lines in self.got if t >= since for l in lines if l.startswith(start)), None)


class Reader(threading.Thread):
    """Reads the file again and again: it is whole each time."""

    def __init__(self):
        super().__init__(daemon=True)
        self.n, self.inodes, self.cut, self.going = 0, set(), [], True

    def run(self):
        while self.going:
            try:
                with open(FILE) as file:
                    text = file.read()
                    self.inodes.add(os.fstat(file.fileno()).st_ino)
            except FileNotFoundError:
                text = None
            if text is not None:
                self.n += 1
                if "brigwatch_textfile_written_timestamp_seconds " not in text or not text.endswith("\n"):
                    self.cut.append(text[-200:])
            time.sleep(0.005)


def run():
    name = DIR + "/notify"
    manager = Manager(name)
    os.mkdir(DIR + "/textfiles")
    full = command("mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", DIR + "/textfiles").returncode == 0
    reader = Reader()
    reader.start()
    start = time.time()
    agent = Agent("--metrics-file", FILE, env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "4000000"})
    try:
        talk(agent, manager, start, full)
        check("file: a last time at the end, with what the summary says", last_file(agent))
    finally:
        reader.going = False
        reader.join()
        command("umount", DIR + "/textfiles")
    check(f"file: whole at each of {reader.n} looks", reader.n > 100 and not reader.cut, reader.cut[:1])
    check("file: each time a new one takes the old one's place", len(reader.inodes) >= 2, reader.inodes)

    manager = Manager("@" + os.path.basename(DIR))
    agent = Agent(env={"NOTIFY_SOCKET": "@" + os.path.basename(DIR), "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"})
    ready = wait_for(10, lambda: manager.times("READY=1"))
    time.sleep(1.5)
    check("an abstract socket is told, too", ready, open(agent.messages).read())
    check("another process' watchdog is not fed", not manager.times("WATCHDOG=1"))
    agent.stop()
    agent = Agent(env={"NOTIFY_SOCKET": "vsock:1:2"})
    check("a socket of no kind that it knows: told, and it runs",
          wait_for(10, lambda: agent.said("NOTIFY_SOCKET is neither")) and wait_for(10, lambda: health("--live")[0] == 0))
    agent.stop()


def last_file(agent):
    text = open(FILE).read()
    summary = open(agent.messages).read()
    received = next(l.split()[1] for l in text.splitlines() if l.startswith("brigwatch_events_received_total "))
    return f" received={received} " in summary and "\nbrigwatch_ready 0\n" in text


def talk(agent, manager, start, full):
    ready = wait_for(10, lambda: manager.times("READY=1"))
    check("READY=1 when it watches, not before", ready and agent.said(": watching with") and
          time.time() - start < 10, open(agent.messages).read())
    check("and how it fares", wait_for(8, lambda: (manager.said("STATUS=watching; ") or "").endswith(" rules, 0 alerts")),
          manager.got)
    fed = wait_for(6, lambda: len(manager.times("WATCHDOG=1")) >= 4 and manager.times("WATCHDOG=1"))
    check("a watchdog of 4 s is fed at least every 2 s", fed and all(b - a < 2.1 for a, b in zip(fed, fed[1:])), fed)

    if full:
        check("file: a full disk is told, and no more", agent.said(f"cannot write {FILE}: No space left on device") and
              not os.path.exists(FILE) and not os.listdir(DIR + "/textfiles") and wait_for(8, lambda: health("--ready")[0] == 0),
              (open(agent.messages).read(), os.listdir(DIR + "/textfiles"), health()))
        command("mount", "-o", "remount,size=1m", DIR + "/textfiles")
    begin = time.time()
    os.kill(agent.pid, signal.SIGHUP)
    check("SIGHUP: RELOADING=1, and when", wait_for(3, lambda: manager.times("RELOADING=1", begin)) and
          abs(int(manager.said("MONOTONIC_USEC=", begin).split("=")[1]) / 1e6 - time.monotonic()) < 5, manager.got[-3:])
    check("then READY=1", wait_for(5, lambda: manager.times("READY=1", begin)) and
          manager.times("READY=1", begin)[0] >= manager.times("RELOADING=1", begin)[0], manager.got[-3:])

    engine = agent.child("brigwatch-engin")
    begin = time.time()
    os.kill(engine, signal.SIGSTOP)
    told = wait_for(9, lambda: manager.said("STATUS=unhealthy: the engine's loop", begin))
    time.sleep(3)
    last = max(manager.times("WATCHDOG=1"))
    check("an engine that is stopped: the watchdog hungers soon after 5 s", 2.9 < last - begin < 7 and
          time.time() - last > 2, (last - begin, time.time() - last))
    check("and the status says why", told, manager.got[-3:])
    os.kill(engine, signal.SIGCONT)
    begin = time.time()
    check("it goes on, and is fed again", wait_for(3, lambda: manager.times("WATCHDOG=1", begin)))

    found = wait_for(18, lambda: os.path.exists(FILE))
    check("file: written when there is room again", found and wait_for(2, lambda: agent.said("is written again") or not full),
          open(agent.messages).read())
    stat = os.stat(FILE)
    check("file: for everybody to read", stat.st_mode & 0o777 == 0o644, oct(stat.st_mode))
    answers.check_metrics(open(FILE).read(), True)
    check("file: nothing else stays beside it", os.listdir(os.path.dirname(FILE)) == ["brigwatch.prom"])

    sensor_stopped = time.time()
    os.kill(agent.pid, signal.SIGSTOP)
    time.sleep(2.5)
    check("a sensor that is stopped feeds nobody", not manager.times("WATCHDOG=1", sensor_stopped + 0.5))
    os.kill(agent.pid, signal.SIGCONT)
    begin = time.time()
    check("it ends well", agent.stop() == 0, open(agent.messages).read())
    check("STOPPING=1 at once", manager.times("STOPPING=1", begin) and manager.times("STOPPING=1", begin)[0] - begin < 2,
          manager.got[-3:])
