"""The outside world: mail, SMS and group robots, one file each. Each sends one parcel or says why not."""
