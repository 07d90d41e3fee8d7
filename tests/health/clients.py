# SPDX-License-Identifier: Apache-2.0
"""Clients that are slow, many, or mean harm: bounded, and nobody else suffers."""
import concurrent.futures, os, random, signal

from lib import *


def resident(pid):
    return int(open(f"/proc/{pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def n_fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def throw(data, unix):
    """Send what may be refused at any byte; what came back."""
    try:
        with connect(unix) as s:
            try:
                s.sendall(data)
                s.shutdown(1)
            except OSError:
                pass
            answer = b""
            while len(answer) < 1 << 20:
                part = s.recv(65536)
                if not part:
                    break
                answer += part
            return answer
    except OSError as error:
        return str(error).encode()


def drip(sockets, seconds):
    """A byte now and then to each; how many were cut."""
    end, n = time.time() + seconds, len(sockets)
    while sockets and time.time() < end:
        for s in sockets[:]:
            try:
                s.send(b"G")
                s.setblocking(False)
                if s.recv(1) == b"":
                    raise ConnectionResetError
            except BlockingIOError:
                pass
            except OSError:
                s.close()
                sockets.remove(s)
        time.sleep(0.3)
    return n - len(sockets)


def run():
    agent = Agent("--listen", f"127.0.0.1:{PORT}")
    wait_for(15, lambda: health("--ready")[0] == 0)
    pid = agent.child("brigwatch-stat")
    before, fds = resident(pid), n_fds(pid)

    pool = concurrent.futures.ThreadPoolExecutor(1)
    slow = pool.submit(drip, [connect(True) for _ in range(40)], 8)
    idle = []
    for i in range(200):
        try:
            idle.append(connect(False, 1))
        except OSError:
            break
    begin = time.time()
    code = health("--live")[0]
    check("200 idle connections to the port: the socket answers at once", code == 0 and time.time() - begin < 1,
          (code, time.time() - begin))
    begin = time.time()
    check("and the port still answers within 8 s",
          wait_for(8, lambda: get("/livez", False, timeout=8)[0] == 200), time.time() - begin)
    for s in idle:
        s.close()

    cut = slow.result()
    check("40 clients that send a byte now and then: each is cut within 8 s", cut == 40, cut)
    check("and others are answered", health("--live")[0] == 0)

    dice = random.Random(5)
    nasty = [bytes(dice.randrange(256) for _ in range(dice.randrange(1, 4000))) for _ in range(60)]
    nasty += [b"GET " + b"/" * 1000000 + b" HTTP/1.1\r\n\r\n", b"GET /metrics HTTP/1.1\r\n" + b"A: b\r\n" * 200000 + b"\r\n",
              b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 3000000,
              b"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + b"x" * 1000000,
              b"GET /metrics HTTP/9.9\r\n\r\n", b"GET\0/metrics\0HTTP/1.1\r\n\r\n", b"\r\n" * 100000, b"\n" * 100000,
              b"GET /%00%ff%2e%2e/health HTTP/1.1\r\nHost: x\r\n\r\n", b"GET //health HTTP/1.1\r\nHost: x\r\n\r\n",
              b"GET /health/ HTTP/1.1\r\nHost: x\r\n\r\n", b"GET http://x/health HTTP/1.1\r\nHost: x\r\n\r\n"]
    with concurrent.futures.ThreadPoolExecutor(15) as pool:
        by_socket = list(pool.map(lambda data: throw(data, True), nasty))
        by_port = list(pool.map(lambda data: throw(data, False), nasty))
    leaked = sum(b'"processes"' in answer for answer in by_port)
    refused = sum(answer.startswith(b"HTTP/1.1 4") for answer in by_socket)
    check(f"{len(nasty)} requests that make no sense: still the same process", agent.child("brigwatch-stat") == pid and
          health("--live")[0] == 0, open(agent.messages).read())
    check("at least ten were refused in words", refused >= 10, refused)
    check("none of them got at /health by the port", leaked == 0, leaked)
    check("no descriptor stays open", wait_for(15, lambda: n_fds(pid) <= fds), (fds, n_fds(pid)))
    grown = resident(pid) - before
    check("memory is bounded: below 8 MiB more", grown < 8 << 20, grown)

    text = get("/metrics")[2]
    cut = next(int(float(l.split()[1])) for l in text.splitlines() if l.startswith("brigwatch_http_cut_connections_total"))
    check("connections that were cut are counted", cut >= 40, cut)

    os.kill(pid, signal.SIGKILL)
    check("a status process that is killed: another answers", wait_for(5, lambda: health("--live")[0] == 0))
    fallen = [p for p in state()["processes"] if p["process"] == "status"][0]
    check("and its fall is counted", wait_for(3, lambda: [p for p in state()["processes"] if p["process"] == "status"]
                                              [0]["restarts"] == 1), fallen)
    pid = agent.child("brigwatch-stat")
    os.kill(pid, signal.SIGSTOP)
    code, out = health("--timeout", "500")
    check("a status process that hangs: unhealthy, not no agent", code == 1 and "does not answer within 500 ms" in out,
          (code, out))
    os.kill(pid, signal.SIGCONT)
    check("and answers again when it goes on", wait_for(3, lambda: health("--ready")[0] == 0), health())
    os.kill(agent.child("brigwatch-engin"), signal.SIGKILL)
    alive = [get("/livez")[0] for _ in range(60) if not time.sleep(0.02)]
    check("an engine that is killed: another takes its place, and it lives throughout", set(alive) == {200} and
          [p for p in state()["processes"] if p["process"] == "engine"][0]["restarts"] == 1, alive)
    os.kill(agent.pid, signal.SIGKILL)
    agent.process.wait()
    check("a sensor that is killed takes its status process along", wait_for(3, lambda: not os.path.exists(f"/proc/{pid}")
                                                                             or " Z " in open(f"/proc/{pid}/stat").read()))
    check("a socket that was left behind: no agent, exit 2", health()[0] == 2, health())
    agent = Agent()
    check("the next agent takes its place", wait_for(15, lambda: health("--ready")[0] == 0), health())
    check("and tells that it took over the hooks", state()["agent"]["adopted"] is True)
    check("it ends well", agent.stop() == 0)
