package dev.millrace.source.git;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.EnumSet;
import java.util.concurrent.TimeUnit;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.session.ClientSession;
import org.eclipse.jgit.transport.RemoteSession;

/** A command on an SSH server, as JGit wants to see one; what it sends counts on the budget. */
final class SshCommand extends Process {
  private static final EnumSet<ClientChannelEvent> CLOSED = EnumSet.of(ClientChannelEvent.CLOSED);
  private static final long OPEN_SECONDS = 20;

  private final ChannelExec channel;
  private final InputStream output;

  private SshCommand(ChannelExec channel, Budget budget) {
    this.channel = channel;
    this.output = budget.counted(channel.getInvertedOut());
  }

  /** Where commands are started. */
  record Session(ClientSession ssh, Budget budget) implements RemoteSession {
    @Override
    public Process exec(String command, int timeout) throws IOException {
      ChannelExec channel = ssh.createExecChannel(command);
      channel.open().verify(OPEN_SECONDS, TimeUnit.SECONDS);
      return new SshCommand(channel, budget);
    }

    @Override
    public void disconnect() {
      ssh.close(true);
    }
  }

  @Override
  public OutputStream getOutputStream() {
    return channel.getInvertedIn();
  }

  @Override
  public InputStream getInputStream() {
    return output;
  }

  @Override
  public InputStream getErrorStream() {
    return channel.getInvertedErr();
  }

  @Override
  public int waitFor() throws InterruptedException {
    channel.waitFor(CLOSED, 0L);
    return exitValue();
  }

  @Override
  public boolean waitFor(long timeout, TimeUnit unit) throws InterruptedException {
    return channel.waitFor(CLOSED, unit.toMillis(timeout)).contains(ClientChannelEvent.CLOSED);
  }

  @Override
  public int exitValue() {
    Integer status = channel.getExitStatus();
    if (status == null && !channel.isClosed()) {
      throw new IllegalThreadStateException("the command still runs");
    }
    return status == null ? -1 : status;
  }

  @Override
  public void destroy() {
    channel.close(true);
  }
}
