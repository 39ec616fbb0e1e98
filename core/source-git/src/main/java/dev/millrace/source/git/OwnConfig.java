package dev.millrace.source.git;

import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.storage.file.FileBasedConfig;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;
import org.jspecify.annotations.Nullable;

/**
 * Keeps JGit from the Git settings of the user and the machine that the master happens to run on:
 * they could rewrite addresses or switch certificates off.
 */
final class OwnConfig extends SystemReader.Delegate {
  private OwnConfig(SystemReader reader) {
    super(reader);
  }

  /** Installs it for this bundle's JGit, once. */
  static void install() {
    if (!(SystemReader.getInstance() instanceof OwnConfig)) {
      SystemReader.setInstance(new OwnConfig(SystemReader.getInstance()));
    }
  }

  @Override
  public FileBasedConfig openUserConfig(Config parent, FS fs) {
    return new Empty(parent, fs);
  }

  @Override
  public FileBasedConfig openSystemConfig(Config parent, FS fs) {
    return new Empty(parent, fs);
  }

  @Override
  public FileBasedConfig openJGitConfig(Config parent, FS fs) {
    return new Empty(parent, fs);
  }

  private static final class Empty extends FileBasedConfig {
    Empty(@Nullable Config parent, FS fs) {
      super(parent, null, fs);
    }

    @Override
    public void load() {}

    @Override
    public boolean isOutdated() {
      return false;
    }

    @Override
    public void save() {}
  }
}
