// What runs before anything else in the file, for arm64: it shuts the process to others, and is the first process of a
// container where it is PID 1. What for stands in build/init.ts, which places it; init-x64.s is the same for x86-64.
//
// Assembled by
//   aarch64-linux-gnu-as -o init.o build/init-arm64.s &&
//     aarch64-linux-gnu-objcopy -O binary -j .text init.o init.bin &&
//     od -An -v -t x1 init.bin > build/init-arm64.hex
// (test/unit/init.test.ts compares), so that a build needs no assembler.
//
// Position-independent, without data, writes to nothing but its stack. A system call takes its number in x8, arguments
// from x0 on, and changes x0 (the result, -errno on failure); the rest survives it.

        .set    PRCTL, 167
        .set    GETPID, 172
        .set    RT_SIGACTION, 134
        .set    RT_SIGPROCMASK, 135
        .set    RT_SIGTIMEDWAIT, 137
        .set    CLONE, 220
        .set    WAIT4, 260
        .set    KILL, 129
        .set    EXIT_GROUP, 94

        .set    PR_SET_DUMPABLE, 4
        .set    SIGHUP, 1
        .set    SIGCHLD, 17
        .set    SIG_SETMASK, 2
        .set    SET_SIZE, 8             // the kernel's sigset_t: 64 bits
        .set    WNOHANG, 1
        .set    EINTR, 4
        .set    SI_KERNEL, 0x80
        .set    SI_CODE, 8              // where it stands in a siginfo_t

// The frame, from sp upwards. Above it: what the kernel put there (argc, argv, …).
        .set    INFO, 0                 // siginfo_t: 128 bytes
        .set    ACTION, 128             // struct sigaction: 32 bytes
        .set    OLD_MASK, 160           // the signals that were blocked at the entry
        .set    EVERY, 168              // every signal, as a set
        .set    STATUS, 176             // what wait4 tells: an int
        .set    FRAME, 192              // sp is a multiple of 16

        .text
        .globl  _start
_start:
        mov     x0, #PR_SET_DUMPABLE
        mov     x1, #0
        mov     x8, #PRCTL              // where a sandbox forbids it, all is as it would be without
        svc     #0

        mov     x8, #GETPID
        svc     #0
        cmp     w0, #1
        b.ne    go_on

        sub     sp, sp, #FRAME
        stp     xzr, xzr, [sp, #ACTION] // SIG_DFL, no flags, no restorer, an empty mask
        stp     xzr, xzr, [sp, #ACTION + 16]
        mov     x9, #-1
        str     x9, [sp, #EVERY]

// Blocked signals are kept, even those that PID 1 would never be given: rt_sigtimedwait takes them. Blocked before the
// child is made, so that none is lost.
        mov     x0, #SIG_SETMASK
        add     x1, sp, #EVERY
        add     x2, sp, #OLD_MASK
        mov     x3, #SET_SIZE
        mov     x8, #RT_SIGPROCMASK
        svc     #0

// Whoever started the container may have left SIGCHLD ignored; then the kernel would tell of no child's end.
        mov     x0, #SIGCHLD
        add     x1, sp, #ACTION
        mov     x2, #0
        mov     x8, #RT_SIGACTION       // x3 as before
        svc     #0

        mov     x0, #SIGCHLD            // a fork: no flags but the signal that tells of the child's end
        mov     x1, #0                  // the stack stays where it is
        mov     x3, #0
        mov     x4, #0
        mov     x8, #CLONE              // x2 as before
        svc     #0
        cmp     w0, #0
        b.gt    parent

// The child, or no child could be made: the program itself goes on, with signals, stack and registers as it would have
// been given them (the kernel starts a program with zeros).
        mov     x0, #SIG_SETMASK
        add     x1, sp, #OLD_MASK
        mov     x3, #SET_SIZE
        mov     x8, #RT_SIGPROCMASK     // x2 as before
        svc     #0
        add     sp, sp, #FRAME
        mov     x1, #0
        mov     x3, #0
        mov     x9, #0
go_on:
        mov     x0, #0
        mov     x8, #0
        b       program

parent:
        mov     w19, w0                 // the child
        mov     x20, #WNOHANG
reap:
        mov     x0, #-1                 // any child: orphans become children of PID 1
        add     x1, sp, #STATUS
        mov     x2, x20
        mov     x3, #0
        mov     x8, #WAIT4
        svc     #0
        cmp     w0, #0
        b.eq    wait                    // all that are left are alive
        b.lt    lost
        cmp     w0, w19
        b.ne    reap

// The child has ended: so does the container, with its status, or 128 + the signal that ended it.
        ldr     w1, [sp, #STATUS]
        ands    w0, w1, #0x7f
        b.eq    exited
        add     w0, w0, #128
        b       end
exited:
        ubfx    w0, w1, #8, #8
        b       end
lost:                                   // cannot be while there is a child; better an end than to wait for ever
        mov     x0, #1
end:
        mov     x8, #EXIT_GROUP
        svc     #0

wait:
        add     x0, sp, #EVERY
        add     x1, sp, #INFO
        mov     x2, #0                  // no time limit
        mov     x3, #SET_SIZE
        mov     x8, #RT_SIGTIMEDWAIT
        svc     #0
        cmp     w0, #0
        b.ge    taken
        cmn     w0, #EINTR              // after SIGSTOP and SIGCONT for one
        b.eq    reap
        mov     x20, #0                 // a sandbox that forbids it: no signals then, but the child is waited for
        b       reap
taken:
        cmp     w0, #SIGCHLD
        b.eq    reap

// Passed on, whoever sent it. But what the kernel sent (^C, ^\, ^Z, a window's new size) has gone to the terminal's
// whole foreground group, the child in it; all but the SIGHUP of a terminal that is gone: its session's leader alone
// gets that, and PID 1 is the leader where there is a terminal.
        ldr     w1, [sp, #INFO + SI_CODE]
        cmp     w1, #SI_KERNEL
        b.ne    pass_on
        cmp     w0, #SIGHUP
        b.ne    reap
pass_on:
        mov     w1, w0
        mov     w0, w19
        mov     x8, #KILL
        svc     #0
        b       reap

// The last instruction: a jump to the program's own entry point, whose distance build/init.ts fills in.
program:
        .inst   0x14000000
