# What runs before anything else in the file, for x86-64: it shuts the process to others, and is the first process of a
# container where it is PID 1. What for stands in build/init.ts, which places it; init-arm64.s is the same for arm64.
#
# Assembled by
#   as -o init.o build/init-x64.s && objcopy -O binary -j .text init.o init.bin &&
#     od -An -v -t x1 init.bin > build/init-x64.hex
# (test/unit/init.test.ts compares), so that a build needs no assembler.
#
# Position-independent, without data, writes to nothing but its stack. A system call takes its number in eax, arguments
# in rdi, rsi, rdx, r10, and changes rax (the result, -errno on failure), rcx and r11; the rest survives it.

        .intel_syntax noprefix

        .set    PRCTL, 157
        .set    GETPID, 39
        .set    RT_SIGACTION, 13
        .set    RT_SIGPROCMASK, 14
        .set    RT_SIGTIMEDWAIT, 128
        .set    FORK, 57
        .set    WAIT4, 61
        .set    KILL, 62
        .set    EXIT_GROUP, 231

        .set    PR_SET_DUMPABLE, 4
        .set    SIGHUP, 1
        .set    SIGCHLD, 17
        .set    SIG_SETMASK, 2
        .set    SET_SIZE, 8             # the kernel's sigset_t: 64 bits
        .set    WNOHANG, 1
        .set    EINTR, 4
        .set    SI_KERNEL, 0x80
        .set    SI_CODE, 8              # where it stands in a siginfo_t

# The frame, from rsp upwards. Above it: rdx as it was at the entry, then what the kernel put there (argc, argv, …).
        .set    INFO, 0                 # siginfo_t: 128 bytes
        .set    OLD_MASK, 128           # the signals that were blocked at the entry
        .set    ACTION, 136             # struct sigaction: 32 bytes
        .set    STATUS, 168             # what wait4 tells: an int
        .set    EVERY, 176              # every signal, as a set
        .set    FRAME, 184

        .text
        .globl  _start
_start:
        mov     edi, PR_SET_DUMPABLE
        xor     esi, esi
        mov     eax, PRCTL              # where a sandbox forbids it, all is as it would be without
        syscall

        mov     eax, GETPID
        syscall
        cmp     eax, 1
        jne     go_on

        push    rdx                     # beside rsp the one register that means something at an entry
        push    -1                      # EVERY
        push    0                       # STATUS
        push    0                       # ACTION: SIG_DFL, no flags, no restorer, an empty mask
        push    0
        push    0
        push    0
        sub     rsp, ACTION

# Blocked signals are kept, even those that PID 1 would never be given: rt_sigtimedwait takes them. Blocked before the
# child is made, so that none is lost.
        mov     edi, SIG_SETMASK
        lea     rsi, [rsp + EVERY]
        lea     rdx, [rsp + OLD_MASK]
        mov     r10d, SET_SIZE
        mov     eax, RT_SIGPROCMASK
        syscall

# Whoever started the container may have left SIGCHLD ignored; then the kernel would tell of no child's end.
        mov     edi, SIGCHLD
        lea     rsi, [rsp + ACTION]
        xor     edx, edx
        mov     eax, RT_SIGACTION       # r10 as before
        syscall

        mov     eax, FORK
        syscall
        test    eax, eax
        jg      parent

# The child, or no child could be made: the program itself goes on, with signals, stack and registers as it would have
# been given them (the kernel starts a program with zeros).
        mov     edi, SIG_SETMASK
        lea     rsi, [rsp + OLD_MASK]
        xor     edx, edx
        mov     eax, RT_SIGPROCMASK     # r10 as before
        syscall
        add     rsp, FRAME
        pop     rdx
        xor     r10d, r10d
go_on:
        xor     edi, edi
        xor     esi, esi
        xor     eax, eax
        xor     ecx, ecx
        xor     r11d, r11d
        jmp     program

parent:
        mov     ebx, eax                # the child
        mov     ebp, WNOHANG
reap:
        mov     rdi, -1                 # any child: orphans become children of PID 1
        lea     rsi, [rsp + STATUS]
        mov     edx, ebp
        xor     r10d, r10d
        mov     eax, WAIT4
        syscall
        test    eax, eax
        jz      wait                    # all that are left are alive
        js      lost
        cmp     eax, ebx
        jne     reap

# The child has ended: so does the container, with its status, or 128 + the signal that ended it.
        mov     eax, [rsp + STATUS]
        mov     edi, eax
        and     edi, 0x7f
        jz      exited
        add     edi, 128
        jmp     end
exited:
        movzx   edi, ah
        jmp     end
lost:                                   # cannot be while there is a child; better an end than to wait for ever
        mov     edi, 1
end:
        mov     eax, EXIT_GROUP
        syscall

wait:
        lea     rdi, [rsp + EVERY]
        lea     rsi, [rsp + INFO]
        xor     edx, edx                # no time limit
        mov     r10d, SET_SIZE
        mov     eax, RT_SIGTIMEDWAIT
        syscall
        test    eax, eax
        jns     taken
        cmp     eax, -EINTR             # after SIGSTOP and SIGCONT for one
        je      reap
        xor     ebp, ebp                # a sandbox that forbids it: no signals then, but the child is waited for
        jmp     reap
taken:
        cmp     eax, SIGCHLD
        je      reap

# Passed on, whoever sent it. But what the kernel sent (^C, ^\, ^Z, a window's new size) has gone to the terminal's
# whole foreground group, the child in it; all but the SIGHUP of a terminal that is gone: its session's leader alone
# gets that, and PID 1 is the leader where there is a terminal.
        cmp     dword ptr [rsp + INFO + SI_CODE], SI_KERNEL
        jne     pass_on
        cmp     eax, SIGHUP
        jne     reap
pass_on:
        mov     edi, ebx
        mov     esi, eax
        mov     eax, KILL
        syscall
        jmp     reap

# The last instruction: a jump to the program's own entry point, whose distance build/init.ts fills in.
program:
        .byte   0xe9
        .long   0
